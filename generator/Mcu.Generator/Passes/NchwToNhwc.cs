using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// Rewrites a graph in channels-first order to channels-last. One walk in execution order: every tensor of the old graph
/// becomes a view (axis order and shape) of one of the new, operators that do not care about the order run on the views'
/// bases, and a transpose is written only where an operator or a graph output needs the old order. So an NHWC input's
/// transpose and the convolution's cancel, a flatten into a fully connected layer permutes the layer's weights, and a
/// reshape of a 1x1 map is free. Graph inputs and outputs keep their shape.
/// </summary>
public sealed class NchwToNhwc : IGraphPass
{
    public string Name => nameof(NchwToNhwc);

    public Graph Run(Graph graph, DiagnosticBag notes)
    {
        if (!graph.Nodes.Any(n => n.Operator is Transpose or Conv2D { Layout: Layout.Nchw } or MaxPool2D { Layout: Layout.Nchw } or AveragePool2D { Layout: Layout.Nchw }))
        {
            return graph;
        }

        var rewriter = new LayoutRewriter(graph);
        foreach (Node node in graph.Nodes)
        {
            Rewrite(rewriter, node);
        }

        return rewriter.Build();
    }

    private static void Rewrite(LayoutRewriter rewriter, Node node)
    {
        switch (node.Operator)
        {
            case Conv2D { Layout: Layout.Nchw } conv:
                Convolution(rewriter, node, conv with { Layout = Layout.Nhwc });
                break;
            case MaxPool2D { Layout: Layout.Nchw } pool:
                Window(rewriter, node, pool with { Layout = Layout.Nhwc });
                break;
            case AveragePool2D { Layout: Layout.Nchw } pool:
                Window(rewriter, node, pool with { Layout = Layout.Nhwc });
                break;
            case Transpose transpose:
                LayoutRules.Transpose(rewriter, node, transpose);
                break;
            case Reshape reshape:
                LayoutRules.Reshape(rewriter, node, reshape);
                break;
            case Clamp or Identity or Gelu:
                LayoutRules.ElementWise(rewriter, node);
                break;
            case Add or Mul:
                LayoutBinaryRule.Apply(rewriter, node);
                break;
            case Concat concat when rewriter.ViewOf(node.Inputs[0]) is { IsPlain: true, Moves: true } view:
                LayoutRules.Concat(rewriter, node, concat, view);
                break;
            case Softmax softmax when LayoutRules.LosesLastAxis(rewriter.ViewOf(node.Inputs[0]), softmax):
                rewriter.AddUnchanged(node);
                break;
            case Pad or Softmax or Mean when rewriter.ViewOf(node.Inputs[0]) is { IsPlain: true, Moves: true } view:
                LayoutRules.AlongAxes(rewriter, node, view);
                break;
            case Pad when FeedsWindow(rewriter, node):
                LayoutRules.AlongAxes(rewriter, node, InNhwc(rewriter, node.Inputs[0]));
                break;
            case FullyConnected fc:
                LayoutRules.FullyConnected(rewriter, node, fc);
                break;
            default:
                rewriter.AddUnchanged(node);
                break;
        }
    }

    /// <summary>Whether a padding should be moved to NHWC, where a convolution can take it up.</summary>
    private static bool FeedsWindow(LayoutRewriter rewriter, Node node) =>
        rewriter.Index.ConsumersOf(node.Output).Any(n => n.Operator is Conv2D { Layout: Layout.Nchw } or MaxPool2D { Layout: Layout.Nchw } or AveragePool2D { Layout: Layout.Nchw });

    private static LayoutView InNhwc(LayoutRewriter rewriter, string name)
    {
        Shape shape = rewriter.Old[name].Shape;
        return new LayoutView(rewriter.InOrder(name, Permute.NchwToNhwc), Permute.Shape(shape, Permute.NchwToNhwc), Permute.NhwcToNchw, shape);
    }

    private static void Convolution(LayoutRewriter rewriter, Node node, Conv2D conv)
    {
        Tensor weights = rewriter.Old[node.Inputs[1]];
        string moved = weights.Data is FloatData
            ? rewriter.PermutedWeights(weights, Permute.NchwToNhwc)
            : rewriter.InOrder(weights.Name, Permute.NchwToNhwc);
        Window(rewriter, node, conv, [moved, .. node.Inputs.Skip(2).Select(rewriter.InOldOrder)]);
    }

    private static void Window(LayoutRewriter rewriter, Node node, Operator op, params EquatableArray<string> parameters)
    {
        string x = rewriter.InOrder(node.Inputs[0], Permute.NchwToNhwc);
        Shape shape = Permute.Shape(rewriter.Old[node.Output].Shape, Permute.NchwToNhwc);
        rewriter.Add(node, op, [x, .. parameters], shape, Permute.NhwcToNchw);
    }
}
