using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class AddRoom : OperatorRoom<Add>
{
    public override string Name => "add";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Tensor a = ShapeRules.Activation(node, 0);
        Tensor b = ShapeRules.Activation(node, 1);
        ShapeRules.RequireSameType(node, a, b);
        int[]? common = Broadcast.Common(a.Shape.Dims.Span, b.Shape.Dims.Span);
        node.Require(common is not null, "MCU0627", $"'{a.Name}' {a.Shape} and '{b.Name}' {b.Shape} cannot be broadcast together");
        return ShapeRules.Output(node, a.Type, [.. common!.Select(d => (long)d)]);
    }

    public override void RunFloat(NodeRun run)
    {
        TensorValue a = run.Input(0);
        TensorValue b = run.Input(1);
        Span<float> y = run.Output.Floats;
        if (a.Shape == b.Shape)
        {
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = a.Floats[i] + b.Floats[i];
            }
        }
        else
        {
            int[] shape = run.Output.Shape.Dims.ToArray();
            int i = 0;
            foreach ((int ia, int ib) in Broadcast.Offsets(shape, Broadcast.Strides(a.Shape.Dims.Span, shape.Length), Broadcast.Strides(b.Shape.Dims.Span, shape.Length)))
            {
                y[i++] = a.Floats[ia] + b.Floats[ib];
            }
        }

        FloatKernels.Clamp(y, Attributes(run).Activation);
    }
}
