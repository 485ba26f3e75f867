using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class MeanRoom : OperatorRoom<Mean>
{
    public override string Name => "mean";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Mean op = Attributes(node);
        Tensor x = ShapeRules.Activation(node, 0);
        for (int i = 0; i < op.Axes.Length; i++)
        {
            ShapeRules.RequireAxis(node, op.Axes[i], x.Shape.Rank);
            node.Require(i == 0 || op.Axes[i] > op.Axes[i - 1], "MCU0628", $"axes {op.Axes} are not ascending and distinct");
        }

        var dims = new List<long>();
        for (int axis = 0; axis < x.Shape.Rank; axis++)
        {
            bool reduced = op.Axes.Contains(axis);
            if (!reduced || op.KeepDims)
            {
                dims.Add(reduced ? 1 : x.Shape[axis]);
            }
        }

        return ShapeRules.Output(node, x.Type, [.. dims]);
    }

    public override void RunFloat(NodeRun run)
    {
        Mean op = Attributes(run);
        TensorValue x = run.Input(0);
        int[] shape = x.Shape.Dims.ToArray();
        int[] kept = [.. shape.Select((d, axis) => op.Axes.Contains(axis) ? 1 : d)];
        int[] strides = Broadcast.Strides(shape, shape.Length);
        int[] outputStrides = Broadcast.Strides(kept, shape.Length);
        var sums = new double[run.Output.Floats.Length];
        foreach ((int from, int to) in Broadcast.Offsets(shape, strides, outputStrides))
        {
            sums[to] += x.Floats[from];
        }

        double count = (double)x.Floats.Length / sums.Length;
        for (int i = 0; i < sums.Length; i++)
        {
            run.Output.Floats[i] = (float)(sums[i] / count);
        }
    }
}
