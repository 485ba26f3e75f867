using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class BatchNormalizationRoom : OperatorRoom<BatchNormalization>
{
    public override string Name => "batch_normalization";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Tensor x = ShapeRules.Activation(node, 0);
        node.Require(x.Shape.Rank >= 2, "MCU0620", $"'{x.Name}' {x.Shape} has no channel axis 1");
        float epsilon = Attributes(node).Epsilon;
        node.Require(float.IsFinite(epsilon) && epsilon >= 0, "MCU0634", $"epsilon {epsilon} is negative or not finite");
        for (int i = 1; i <= 4; i++)
        {
            Tensor parameter = node.Input(i);
            ShapeRules.RequireSameType(node, x, parameter);
            node.Require(
                parameter.Shape.Rank == 1 && parameter.Shape[0] == x.Shape[1],
                "MCU0621",
                $"'{parameter.Name}' {parameter.Shape} does not have one element for each of {x.Shape[1]} channels");
        }

        return ShapeRules.SameAs(x);
    }

    public override void RunFloat(NodeRun run)
    {
        double epsilon = Attributes(run).Epsilon;
        Shape shape = run.Output.Shape;
        int channels = shape[1];
        int inner = run.Output.Floats.Length / (shape[0] * channels);
        for (int plane = 0; plane < shape[0] * channels; plane++)
        {
            int c = plane % channels;
            double factor = run.Input(1).Floats[c] / Math.Sqrt(run.Input(4).Floats[c] + epsilon);
            double offset = run.Input(2).Floats[c] - (run.Input(3).Floats[c] * factor);
            for (int i = plane * inner; i < (plane + 1) * inner; i++)
            {
                run.Output.Floats[i] = (float)((run.Input(0).Floats[i] * factor) + offset);
            }
        }
    }
}
