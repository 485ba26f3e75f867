using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A convolution with as many groups as input channels (NHWC, constant weights <c>[O,KH,KW,1]</c>) becomes a depthwise
/// convolution with weights <c>[1,KH,KW,O]</c>.
/// </summary>
public sealed class ConvToDepthwise : IGraphPass
{
    public string Name => nameof(ConvToDepthwise);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes)
        {
            if (node.Operator is Conv2D { Groups: > 1, Layout: Layout.Nhwc } conv
                && rewrite.Graph.InputOf(node, 1) is { Data: FloatData } weights
                && weights.Shape[3] == 1
                && rewrite.TryTake(node))
            {
                string name = rewrite.SetConstant(weights, Constants.Permuted(weights, [3, 1, 2, 0]), "depthwise");
                var op = new DepthwiseConv2D(conv.Window, weights.Shape[0] / conv.Groups, conv.Activation);
                rewrite.Replace(node, node with { Operator = op, Inputs = [node.Inputs[0], name, .. node.Inputs.Skip(2)] });
            }
        }
    }
}
