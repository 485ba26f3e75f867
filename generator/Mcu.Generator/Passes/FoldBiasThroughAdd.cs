using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A constant per channel that is added behind the sum of a linear layer and something else (a low-rank branch that stays
/// in the graph, a residual) goes into that layer's bias.
/// </summary>
public sealed class FoldBiasThroughAdd : IGraphPass
{
    public string Name => nameof(FoldBiasThroughAdd);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node add in rewrite.Graph.Nodes.Where(n => n.Operator is Add))
        {
            for (int side = 0; side < 2; side++)
            {
                if (rewrite.Graph[add.Inputs[1 - side]] is { Data: FloatData } constant
                    && rewrite.Index.ProducerOf(add.Inputs[side]) is { Operator: Add { Activation.IsNone: true } } sum
                    && rewrite.Index.IsUsedOnce(sum.Output)
                    && rewrite.Graph[sum.Output].Shape == rewrite.Graph[add.Output].Shape)
                {
                    Fold(rewrite, add, sum, constant);
                    break;
                }
            }
        }
    }

    private static void Fold(GraphRewrite rewrite, Node add, Node sum, Tensor constant)
    {
        // The layer that has a bias already is the main one; a low-rank branch has none.
        LinearNode? layer = sum.Inputs
            .Where(rewrite.Index.IsUsedOnce)
            .Select(rewrite.Index.ProducerOf).OfType<Node>()
            .Select(n => LinearNode.Of(rewrite.Graph, n)).OfType<LinearNode>()
            .Where(l => l.Activation.IsNone && l.HasConstantBias && rewrite.Graph[l.Node.Output].Shape == rewrite.Graph[add.Output].Shape)
            .OrderBy(l => l.Bias is null)
            .ThenByDescending(l => l.Weights.Data!.Length)
            .FirstOrDefault();
        if (layer is null
            || ConstantOperand.AlongAxis(constant, layer.OutputRank - layer.ChannelAxis, layer.Outputs) is not { } values
            || !rewrite.TryTake(add, sum, layer.Node))
        {
            return;
        }

        rewrite.SetTensor(rewrite.Graph[layer.Node.Output] with { Source = null });
        rewrite.Replace(layer.Node, FoldBias.WithAddend(rewrite, layer, constant, values));
        rewrite.Replace(sum, sum with { Operator = add.Operator, Outputs = add.Outputs });
        rewrite.Remove(add);
    }
}
