using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A clamp after the only use of its producer's output is fused into the producer. In int8 both tensors must be quantised
/// alike, so that the same bytes come out.
/// </summary>
public sealed class FoldActivation : IGraphPass
{
    public string Name => nameof(FoldActivation);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes)
        {
            if (node.Operator is Clamp clamp
                && rewrite.Index.ProducerOf(node.Inputs[0]) is { } producer
                && Fused(producer.Operator, clamp.Range) is { } fused
                && rewrite.Graph[node.Inputs[0]].Quantization == rewrite.Graph[node.Output].Quantization
                && rewrite.Index.IsUsedOnce(node.Inputs[0])
                && rewrite.TryTake(node, producer))
            {
                rewrite.Replace(producer, producer with { Operator = fused, Outputs = node.Outputs });
                rewrite.Remove(node);
            }
        }
    }

    private static Operator? Fused(Operator op, FusedActivation next) => op switch
    {
        Conv2D o => o with { Activation = o.Activation.Then(next) },
        DepthwiseConv2D o => o with { Activation = o.Activation.Then(next) },
        FullyConnected o => o with { Activation = o.Activation.Then(next) },
        Add o => o with { Activation = o.Activation.Then(next) },
        Mul o => o with { Activation = o.Activation.Then(next) },
        AveragePool2D o => o with { Activation = o.Activation.Then(next) },
        MaxPool2D o => o with { Activation = o.Activation.Then(next) },
        Clamp o => new Clamp(o.Range.Then(next)),
        _ => null,
    };
}
