using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class PadRoom : OperatorRoom<Pad>
{
    public override string Name => "pad";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Pad op = Attributes(node);
        Tensor x = ShapeRules.Activation(node, 0);
        int rank = x.Shape.Rank;
        node.Require(op.Before.Length == rank && op.After.Length == rank, "MCU0633", $"{op.Before.Length} and {op.After.Length} paddings for {rank} dimensions");
        node.Require(op.Before.All(p => p >= 0) && op.After.All(p => p >= 0), "MCU0633", $"a padding of {op.Before} and {op.After} is negative");
        node.Require(float.IsFinite(op.Value), "MCU0634", $"the padding value {op.Value} is not finite");
        return ShapeRules.Output(node, x.Type, [.. Enumerable.Range(0, rank).Select(i => (long)x.Shape[i] + op.Before[i] + op.After[i])]);
    }

    public override void RunFloat(NodeRun run)
    {
        Pad op = Attributes(run);
        TensorValue x = run.Input(0);
        run.Output.Floats.AsSpan().Fill(op.Value);
        int[] shape = x.Shape.Dims.ToArray();
        int[] strides = OutputStrides(run.Output.Shape);
        int origin = 0;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            origin += op.Before[axis] * strides[axis];
        }

        foreach ((int from, int to) in Broadcast.Offsets(shape, Broadcast.Strides(shape, shape.Length), strides))
        {
            run.Output.Floats[origin + to] = x.Floats[from];
        }
    }

    private static int[] OutputStrides(Shape shape)
    {
        var strides = new int[shape.Rank];
        int stride = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return strides;
    }
}
