using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// Zero padding of height and width (NHWC) before a convolution becomes the convolution's own padding. Pools keep it
/// outside: a maximum pool's own padding never wins, and an average pool's is not counted.
/// </summary>
public sealed class FoldPad : IGraphPass
{
    public string Name => nameof(FoldPad);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes)
        {
            if (rewrite.Index.ProducerOf(node.Inputs[0]) is { Operator: Pad { Value: 0 } pad } source
                && IsSpatial(pad)
                && Padded(node.Operator, pad) is { } padded
                && rewrite.Graph[source.Inputs[0]].Quantization == rewrite.Graph[source.Output].Quantization
                && rewrite.TryTake(node))
            {
                rewrite.Replace(node, node with { Operator = padded, Inputs = [source.Inputs[0], .. node.Inputs.Skip(1)] });
                if (rewrite.Index.IsUsedOnce(source.Output) && rewrite.TryTake(source))
                {
                    rewrite.Remove(source);
                }
            }
        }
    }

    private static bool IsSpatial(Pad pad) =>
        pad.Before.Length == 4 && pad.Before[0] == 0 && pad.Before[3] == 0 && pad.After[0] == 0 && pad.After[3] == 0;

    private static Operator? Padded(Operator op, Pad pad) => op switch
    {
        Conv2D { Layout: Layout.Nhwc } c => c with { Window = Padded(c.Window, pad) },
        DepthwiseConv2D d => d with { Window = Padded(d.Window, pad) },
        _ => null,
    };

    private static Window2D Padded(Window2D window, Pad pad)
    {
        Padding2D p = window.Padding;
        return window with { Padding = new Padding2D(p.Top + pad.Before[1], p.Left + pad.Before[2], p.Bottom + pad.After[1], p.Right + pad.After[2]) };
    }
}
