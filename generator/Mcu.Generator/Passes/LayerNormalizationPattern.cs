using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>The parts of a layer normalisation up to the quotient <c>(x - mean) / sqrt(variance + epsilon)</c>.</summary>
/// <param name="Quotient">The part whose output is the normalised value.</param>
/// <param name="Parts">Every node of the pattern, the quotient included; nothing else reads what they write.</param>
internal sealed record LayerNormalizationPattern(string Input, float Epsilon, Node Quotient, IReadOnlyList<Node> Parts)
{
    public static LayerNormalizationPattern? Find(Graph graph, GraphIndex index, Node quotient) =>
        new Matcher(graph, index).Find(quotient);

    private sealed class Matcher(Graph graph, GraphIndex index)
    {
        private readonly List<Node> parts = [];

        public LayerNormalizationPattern? Find(Node quotient)
        {
            parts.Add(quotient);
            if (Variance(quotient) is not ({ } difference, { } sum)
                || Shifted(sum) is not ({ } variance, var epsilon)
                || MeanOf(variance) is not { } square
                || Squared(square) is not { } squared
                || CentredInput(difference) is not { } x
                || (squared != difference && CentredInput(squared) != x)
                || graph[quotient.Output].Shape != graph[x].Shape)
            {
                return null;
            }

            return IsClosed(quotient) ? new LayerNormalizationPattern(x, epsilon, quotient, [.. parts.Distinct()]) : null;
        }

        /// <summary>Numerator, and what the root is taken of.</summary>
        private (string? Difference, string? Sum) Variance(Node quotient)
        {
            if (quotient.Operator is Div)
            {
                return (quotient.Inputs[0], RootOf(quotient.Inputs[1], 0.5f));
            }

            return ReciprocalRootOf(quotient.Inputs[1]) is { } right
                ? (quotient.Inputs[0], right)
                : (quotient.Inputs[1], ReciprocalRootOf(quotient.Inputs[0]));
        }

        private string? ReciprocalRootOf(string name)
        {
            if (RootOf(name, -0.5f) is { } power)
            {
                return power;
            }

            return Part<Div>(name) is { } division && ConstantOperand.Is(graph, division.Inputs[0], 1) && RootOf(division.Inputs[1], 0.5f) is { } root
                ? Kept(division, root)
                : null;
        }

        private string? RootOf(string name, float exponent)
        {
            if (exponent > 0 && Part<Sqrt>(name) is { } root)
            {
                return Kept(root, root.Inputs[0]);
            }

            return Part<Pow>(name) is { } power && ConstantOperand.Is(graph, power.Inputs[1], exponent) ? Kept(power, power.Inputs[0]) : null;
        }

        /// <summary>Variance and epsilon.</summary>
        private (string? Variance, float Epsilon) Shifted(string name)
        {
            if (Part<Add>(name) is not { } sum)
            {
                return (null, 0);
            }

            for (int side = 0; side < 2; side++)
            {
                if (ConstantOperand.Scalar(graph, sum.Inputs[1 - side]) is { } epsilon and >= 0)
                {
                    return (Kept(sum, sum.Inputs[side]), epsilon);
                }
            }

            return (null, 0);
        }

        private string? Squared(string name)
        {
            if (Part<Pow>(name) is { } power && ConstantOperand.Is(graph, power.Inputs[1], 2))
            {
                return Kept(power, power.Inputs[0]);
            }

            return Part<Mul>(name) is { } product && product.Inputs[0] == product.Inputs[1] ? Kept(product, product.Inputs[0]) : null;
        }

        /// <summary>x of <c>x - mean(x)</c>.</summary>
        private string? CentredInput(string name) =>
            Part<Sub>(name) is { } difference && MeanOf(difference.Inputs[1]) == difference.Inputs[0]
                ? Kept(difference, difference.Inputs[0])
                : null;

        private string? MeanOf(string name) =>
            Part<Mean>(name) is { } node
            && node.Operator is Mean { KeepDims: true } mean
            && mean.Axes.Span.SequenceEqual([graph[node.Inputs[0]].Shape.Rank - 1])
                ? Kept(node, node.Inputs[0])
                : null;

        private Node? Part<TOperator>(string name) => index.ProducerOf(name) is { Operator: TOperator } node ? node : null;

        private string Kept(Node part, string input)
        {
            parts.Add(part);
            return input;
        }

        private bool IsClosed(Node quotient) =>
            parts.All(p => p == quotient || (!index.IsOutput(p.Output) && index.ConsumersOf(p.Output).All(parts.Contains)));
    }
}
