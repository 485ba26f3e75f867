using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// An average pool that counts its padding becomes explicit zero padding and a pool without any, which is the form that
/// TensorFlow Lite's 8-bit kernels have.
/// </summary>
public sealed class SplitCountedPadding : IGraphPass
{
    public string Name => nameof(SplitCountedPadding);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes)
        {
            if (node.Operator is AveragePool2D { CountIncludePad: true, Layout: Layout.Nhwc } pool && rewrite.TryTake(node))
            {
                rewrite.Replace(node, Nodes(rewrite, node, pool));
            }
        }
    }

    private static List<Node> Nodes(GraphRewrite rewrite, Node node, AveragePool2D pool)
    {
        Padding2D p = pool.Window.Padding;
        AveragePool2D bare = pool with { CountIncludePad = false, Window = pool.Window with { Padding = default } };
        if (p.IsZero)
        {
            return [node with { Operator = bare }];
        }

        Shape x = rewrite.Graph[node.Inputs[0]].Shape;
        string padded = rewrite.FreshTensor($"{node.Output}/padded");
        rewrite.SetTensor(rewrite.Graph[node.Inputs[0]] with
        {
            Name = padded,
            Shape = new Shape(x[0], x[1] + p.Top + p.Bottom, x[2] + p.Left + p.Right, x[3]),
            Source = null,
        });
        var pad = new Pad([0, p.Top, p.Left, 0], [0, p.Bottom, p.Right, 0], 0);
        return
        [
            new Node(rewrite.FreshNode($"{node.Name}/pad"), pad, [node.Inputs[0]], [padded]),
            node with { Operator = bare, Inputs = [padded] },
        ];
    }
}
