using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>A batch normalisation with constant parameters as <c>y = factor·x + offset</c> per channel.</summary>
internal sealed record BatchAffine(double[] Factors, double[] Offsets)
{
    public static BatchAffine? Of(Graph graph, Node node)
    {
        Tensor?[] parameters = [.. Enumerable.Range(1, 4).Select(i => graph.InputOf(node, i))];
        if (parameters.Any(p => p?.Data is not FloatData))
        {
            return null;
        }

        double epsilon = ((BatchNormalization)node.Operator).Epsilon;
        float[][] values = [.. parameters.Select(p => p!.Floats())];
        double[] factors = [.. values[0].Select((scale, c) => scale / Math.Sqrt(values[3][c] + epsilon))];
        double[] offsets = [.. values[1].Select((bias, c) => bias - (values[2][c] * factors[c]))];
        return new BatchAffine(factors, offsets);
    }
}
