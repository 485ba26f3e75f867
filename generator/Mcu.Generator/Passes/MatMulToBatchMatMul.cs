using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>A product of matrices that no fully connected layer took up becomes a batch product, which has an int8 form.</summary>
public sealed class MatMulToBatchMatMul : IGraphPass
{
    public string Name => nameof(MatMulToBatchMatMul);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes)
        {
            if (node.Operator is MatMul && node.Inputs.All(i => rewrite.Graph[i].Shape.Rank >= 2) && rewrite.TryTake(node))
            {
                rewrite.Replace(node, node with { Operator = new BatchMatMul(false, false) });
            }
        }
    }
}
