using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters;

/// <summary>A node with constant weights, seen as what a training framework calls a layer.</summary>
/// <param name="Inputs">Input channels that one output channel reads; K for a fully connected layer.</param>
internal sealed record BindingLayer(Node Node, Tensor Weights, Tensor? Bias, int Outputs, int Inputs, int KernelH, int KernelW, int Groups)
{
    public bool IsFullyConnected => Node.Operator is FullyConnected;

    public bool IsDepthwise => Node.Operator is DepthwiseConv2D;

    /// <summary>The layers of a canonical graph in execution order.</summary>
    public static IReadOnlyList<BindingLayer> Of(Graph graph) => [.. graph.Nodes.Select(n => Layer(graph, n)).OfType<BindingLayer>()];

    /// <summary>Every name that the weights and the bias have here or had in the file.</summary>
    public IEnumerable<string> WeightNames => NamesOf(Weights);

    public IEnumerable<string> BiasNames => Bias is null ? [] : NamesOf(Bias);

    /// <summary>Initializers that passes merged into this layer's bias from elsewhere.</summary>
    public IEnumerable<string> ForeignBiases => Weights.Fold?.ForeignBiases ?? [];

    /// <summary>For example <c>convolution 64x64x1x1</c>, in the order that training frameworks print.</summary>
    public string Describe() => IsFullyConnected
        ? $"linear {Outputs}x{Inputs}"
        : $"{(IsDepthwise ? "depthwise " : Groups > 1 ? "grouped " : "")}convolution {Outputs}x{Inputs}x{KernelH}x{KernelW}";

    private static BindingLayer? Layer(Graph graph, Node node)
    {
        if (graph.InputOf(node, 1) is not { IsConstant: true } weights)
        {
            return null;
        }

        Tensor? bias = graph.InputOf(node, 2);
        Shape shape = weights.Shape;
        return node.Operator switch
        {
            FullyConnected => new BindingLayer(node, weights, bias, shape[0], shape[1], 1, 1, 1),
            Conv2D { Layout: Layout.Nhwc } op => new BindingLayer(node, weights, bias, shape[0], shape[3], shape[1], shape[2], op.Groups),
            DepthwiseConv2D op => new BindingLayer(node, weights, bias, shape[3], 1, shape[1], shape[2], shape[3] / op.Multiplier),
            _ => null,
        };
    }

    private static IEnumerable<string> NamesOf(Tensor tensor) =>
        tensor.Source is { } source && source.Name != tensor.Name ? [tensor.Name, source.Name] : [tensor.Name];
}
