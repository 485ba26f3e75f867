using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A batch normalisation that no layer before it takes up becomes a 1x1 depthwise convolution (written as a grouped
/// one in the source's NCHW layout), which runs in int8 as well. Inputs of other ranks are reshaped around it.
/// </summary>
public sealed class BatchNormalizationToDepthwise : IGraphPass
{
    public string Name => nameof(BatchNormalizationToDepthwise);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes.Where(n => n.Operator is BatchNormalization))
        {
            if (BatchAffine.Of(rewrite.Graph, node) is { } affine && rewrite.TryTake(node))
            {
                rewrite.Replace(node, Nodes(rewrite, node, affine));
            }
        }
    }

    private static List<Node> Nodes(GraphRewrite rewrite, Node node, BatchAffine affine)
    {
        Shape shape = rewrite.Graph[node.Output].Shape;
        int channels = affine.Factors.Length;
        Tensor scale = rewrite.Graph[node.Inputs[1]];
        Tensor bias = rewrite.Graph[node.Inputs[2]];
        Tensor factors = Constants.Of(scale, new Shape(channels, 1, 1, 1), Floats(affine.Factors));
        Tensor recorded = Constants.WithNormalization(Constants.WithForeignBias(factors, bias.Name), affine.Normalization);
        string weights = rewrite.SetConstant(scale, recorded, "factors");
        string offsets = rewrite.SetConstant(bias, Constants.Of(bias, new Shape(channels), Floats(affine.Offsets)), "offsets");
        var op = new Conv2D(new Window2D(1, 1, 1, 1, 1, 1, default), channels, FusedActivation.None, Layout.Nchw);
        if (shape.Rank == 4)
        {
            return [new Node(node.Name, op, [node.Inputs[0], weights, offsets], node.Outputs)];
        }

        var image = new Shape(shape[0], channels, 1, (int)(shape.Elements / shape[0] / channels));
        string input = Fresh(rewrite, $"{node.Output}/image", image);
        string output = Fresh(rewrite, $"{node.Output}/normalised", image);
        return
        [
            new Node(rewrite.FreshNode($"{node.Name}/image"), new Reshape(image), [node.Inputs[0]], [input]),
            new Node(node.Name, op, [input, weights, offsets], [output]),
            new Node(rewrite.FreshNode($"{node.Name}/shape"), new Reshape(shape), [output], node.Outputs),
        ];
    }

    private static string Fresh(GraphRewrite rewrite, string name, Shape shape)
    {
        string fresh = rewrite.FreshTensor(name);
        rewrite.SetTensor(new Tensor(fresh, DataType.Float32, shape));
        return fresh;
    }

    private static float[] Floats(double[] values) => Array.ConvertAll(values, v => (float)v);
}
