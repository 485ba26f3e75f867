using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class SoftmaxRoom : OperatorRoom<Softmax>
{
    public override string Name => "softmax";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Softmax op = Attributes(node);
        Tensor x = ShapeRules.Activation(node, 0);
        ShapeRules.RequireAxis(node, op.Axis, x.Shape.Rank);
        node.Require(float.IsFinite(op.Beta) && op.Beta > 0, "MCU0634", $"beta {op.Beta} is not positive");
        return ShapeRules.SameAs(x);
    }

    public override void RunFloat(NodeRun run)
    {
        Softmax op = Attributes(run);
        Shape shape = run.Output.Shape;
        int count = shape[op.Axis];
        int stride = 1;
        for (int axis = op.Axis + 1; axis < shape.Rank; axis++)
        {
            stride *= shape[axis];
        }

        ReadOnlySpan<float> x = run.Input(0).Floats;
        Span<float> y = run.Output.Floats;
        for (int outer = 0; outer < x.Length; outer += count * stride)
        {
            for (int inner = 0; inner < stride; inner++)
            {
                Row(x[(outer + inner)..], y[(outer + inner)..], count, stride, op.Beta);
            }
        }
    }

    private static void Row(ReadOnlySpan<float> x, Span<float> y, int count, int stride, double beta)
    {
        double max = double.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            max = Math.Max(max, x[i * stride]);
        }

        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += Math.Exp(beta * (x[i * stride] - max));
        }

        for (int i = 0; i < count; i++)
        {
            y[i * stride] = (float)(Math.Exp(beta * (x[i * stride] - max)) / sum);
        }
    }
}
