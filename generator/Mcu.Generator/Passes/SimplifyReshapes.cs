using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A reshape of a reshape reads the first one's input; a transpose that only moves axes of size 1 becomes a reshape,
/// which costs nothing.
/// </summary>
public sealed class SimplifyReshapes : IGraphPass
{
    public string Name => nameof(SimplifyReshapes);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    /// <summary>Whether a permutation keeps the order of all axes longer than 1, so that data do not move.</summary>
    internal static bool KeepsOrder(Shape shape, EquatableArray<int> permutation)
    {
        int[] real = [.. permutation.Where(axis => shape[axis] > 1)];
        return real.SequenceEqual(real.Order());
    }

    private static void Sweep(GraphRewrite rewrite)
    {
        Graph graph = rewrite.Graph;
        foreach (Node node in graph.Nodes)
        {
            Tensor input = graph[node.Inputs[0]];
            if (node.Operator is Transpose transpose && KeepsOrder(input.Shape, transpose.Permutation))
            {
                if (input.Quantization == graph[node.Output].Quantization && rewrite.TryTake(node))
                {
                    rewrite.Replace(node, node with { Operator = new Reshape(graph[node.Output].Shape) });
                }
            }
            else if (node.Operator is Reshape && rewrite.Index.ProducerOf(node.Inputs[0]) is { Operator: Reshape } first)
            {
                Skip(rewrite, node, first);
            }
        }
    }

    private static void Skip(GraphRewrite rewrite, Node node, Node first)
    {
        Graph graph = rewrite.Graph;
        if (graph[first.Inputs[0]].Quantization == graph[first.Output].Quantization && rewrite.TryTake(node, first))
        {
            rewrite.Replace(node, node with { Inputs = first.Inputs });
        }
    }
}
