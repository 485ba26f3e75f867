using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class LayerNormalizationRoom : OperatorRoom<LayerNormalization>
{
    public override string Name => "layer_normalization";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        LayerNormalization op = Attributes(node);
        Tensor x = ShapeRules.Activation(node, 0);
        ShapeRules.RequireAxis(node, op.Axis, x.Shape.Rank);
        node.Require(op.Axis == x.Shape.Rank - 1, "MCU0636", $"axis {op.Axis} is not the last one of '{x.Name}' {x.Shape}", "Only normalisation over the last axis is supported.");
        node.Require(float.IsFinite(op.Epsilon) && op.Epsilon >= 0, "MCU0634", $"epsilon {op.Epsilon} is negative or not finite");
        RequireParameter(node, x, node.Input(1));
        if (node.OptionalInput(2) is { } beta)
        {
            RequireParameter(node, x, beta);
        }

        return ShapeRules.SameAs(x);
    }

    public override void RunFloat(NodeRun run)
    {
        int depth = run.Output.Shape[-1];
        ReadOnlySpan<float> gamma = run.Input(1).Floats;
        ReadOnlySpan<float> beta = run.OptionalInput(2)?.Floats;
        for (int start = 0; start < run.Output.Floats.Length; start += depth)
        {
            Row(run.Input(0).Floats.AsSpan(start, depth), gamma, beta, Attributes(run).Epsilon, run.Output.Floats.AsSpan(start, depth));
        }
    }

    /// <summary>Gamma or beta; in int8 their type is the quantiser's choice.</summary>
    private static void RequireParameter(NodeView node, Tensor x, Tensor parameter)
    {
        node.Require(
            parameter.Shape.Rank == 1 && parameter.Shape[0] == x.Shape[-1],
            "MCU0621",
            $"'{parameter.Name}' {parameter.Shape} does not hold one number for each of the {x.Shape[-1]} elements of the last axis");
        node.Require(x.Type == DataType.Int8 || parameter.Type == x.Type, "MCU0631", $"'{parameter.Name}' is {parameter.Type}, not {x.Type}");
    }

    private static void Row(ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, double epsilon, Span<float> y)
    {
        double sum = 0;
        foreach (float value in x)
        {
            sum += value;
        }

        double mean = sum / x.Length;
        double squares = 0;
        foreach (float value in x)
        {
            squares += (value - mean) * (value - mean);
        }

        double factor = 1 / Math.Sqrt((squares / x.Length) + epsilon);
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = (float)(((x[i] - mean) * factor * gamma[i]) + (beta.IsEmpty ? 0 : beta[i]));
        }
    }
}
