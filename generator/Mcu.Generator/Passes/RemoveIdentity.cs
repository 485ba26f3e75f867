using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// Removes nodes that give their input unchanged: Identity, a reshape to the same shape, a transpose in the same order,
/// an endless clamp, an empty pad or mean. In int8, only where input and output are quantised alike.
/// </summary>
public sealed class RemoveIdentity : IGraphPass
{
    public string Name => nameof(RemoveIdentity);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes.Where(n => ChangesNothing(rewrite.Graph, n)))
        {
            if (!rewrite.Index.IsOutput(node.Output))
            {
                // The node itself is gone at the next sweep; who feeds it may go at this one.
                if (rewrite.TryTake(node))
                {
                    rewrite.Remove(node);
                    rewrite.RenameUses(node.Output, node.Inputs[0]);
                }
            }
            else
            {
                LetProducerWriteOutput(rewrite, node);
            }
        }
    }

    /// <summary>Before a graph output, the producer takes over the output's name.</summary>
    private static void LetProducerWriteOutput(GraphRewrite rewrite, Node node)
    {
        string input = node.Inputs[0];
        Node? producer = rewrite.Index.ProducerOf(input);
        if (producer is null || rewrite.Index.IsOutput(input) || !rewrite.TryTake(node, producer))
        {
            return;
        }

        rewrite.Remove(node);
        rewrite.Replace(producer, producer with { Outputs = producer.Outputs.Select(o => o == input ? node.Output : o).ToEquatableArray() });
        rewrite.RenameUses(input, node.Output);
    }

    private static bool ChangesNothing(Graph graph, Node node)
    {
        Tensor input = graph[node.Inputs[0]];
        Tensor output = graph[node.Output];
        bool same = node.Operator switch
        {
            Identity => true,
            Reshape => true,
            Transpose t => Execution.Permute.IsIdentity(t.Permutation),
            Clamp c => c.Range.IsNone,
            Pad p => p.Before.All(v => v == 0) && p.After.All(v => v == 0),
            Mean m => m.Axes.Length == 0,
            _ => false,
        };
        return same && input.Shape == output.Shape && input.Type == output.Type && input.Quantization == output.Quantization;
    }
}
