using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>A batch normalisation with constant parameters as <c>y = factor·x + offset</c> per channel.</summary>
internal sealed record BatchAffine(FoldedNormalization Normalization, double[] Factors, double[] Offsets)
{
    public static BatchAffine? Of(Graph graph, Node node)
    {
        Tensor?[] parameters = [.. Enumerable.Range(1, 4).Select(i => graph.InputOf(node, i))];
        if (parameters.Any(p => p?.Data is not FloatData))
        {
            return null;
        }

        EquatableArray<float>[] values = [.. parameters.Select(p => ((FloatData)p!.Data!).Values)];
        var normalization = new FoldedNormalization(
            node.Name,
            parameters.Select(p => p!.Name).ToEquatableArray(),
            values[0],
            values[1],
            values[2],
            values[3],
            ((BatchNormalization)node.Operator).Epsilon);
        return new BatchAffine(normalization, normalization.Factors(), normalization.Offsets());
    }
}
