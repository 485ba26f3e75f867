using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>MatMul by a constant matrix <c>[K,O]</c> becomes a fully connected layer with weights <c>[O,K]</c>.</summary>
public sealed class MatMulToFullyConnected : IGraphPass
{
    public string Name => nameof(MatMulToFullyConnected);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes)
        {
            if (node.Operator is MatMul
                && rewrite.Graph.InputOf(node, 1) is { Data: FloatData, Shape.Rank: 2 } weights
                && rewrite.Graph[node.Inputs[0]].Shape.Rank >= 2
                && rewrite.TryTake(node))
            {
                string name = rewrite.SetConstant(weights, Constants.Permuted(weights, [1, 0]), "weights");
                bool keepDims = rewrite.Graph[node.Inputs[0]].Shape.Rank > 2;
                rewrite.Replace(node, new Node(node.Name, new FullyConnected(FusedActivation.None, keepDims), [node.Inputs[0], name], node.Outputs));
            }
        }
    }
}
