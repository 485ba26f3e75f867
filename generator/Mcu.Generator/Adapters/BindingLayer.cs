using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters;

/// <summary>A node with constant weights, seen as what a training framework calls a layer.</summary>
/// <param name="Inputs">Input channels that one output channel of the source reads; K for a fully connected layer.</param>
/// <param name="Groups">Groups of the source's convolution; the channels' number for a depthwise one.</param>
internal sealed record BindingLayer(Node Node, Tensor Weights, Tensor? Bias, int Outputs, int Inputs, int KernelH, int KernelW, int Groups)
{
    /// <summary>The batch normalisation inside the node that this is, as a layer of its own; null for the node's own layer.</summary>
    public FoldedNormalization? Normalization { get; init; }

    /// <summary>Whether this is a batch or layer normalisation.</summary>
    public bool IsNormalization => Normalization is not null || Node.Operator is LayerNormalization;

    /// <summary>The node's name in the source.</summary>
    public string Name => Normalization?.NodeName ?? Node.Name;

    /// <summary>Input channels of the whole source layer, in all groups.</summary>
    public int AllInputs => Inputs * Groups;

    public bool IsFullyConnected => Node.Operator is FullyConnected;

    public bool IsDepthwise => Node.Operator is DepthwiseConv2D;

    /// <summary>The layers of a canonical graph in execution order, each followed by a batch normalisation that was folded into it.</summary>
    public static IReadOnlyList<BindingLayer> Of(Graph graph) => [.. graph.Nodes.SelectMany(n => Layers(graph, n))];

    /// <summary>Every name that the weights and the bias have here or had in the file.</summary>
    public IEnumerable<string> WeightNames => Normalization is null ? NamesOf(Weights) : [Normalization.Names[0]];

    public IEnumerable<string> BiasNames => Normalization is not null ? [Normalization.Names[1]] : Bias is null ? [] : NamesOf(Bias);

    /// <summary>Initializers that passes merged into this layer's bias from elsewhere.</summary>
    public IEnumerable<string> ForeignBiases => Weights.Fold?.ForeignBiases ?? [];

    /// <summary>For example <c>convolution 64x64x1x1</c>, in the order that training frameworks print.</summary>
    public string Describe() => this switch
    {
        { IsNormalization: true } => $"{(Normalization is null ? "layer" : "batch")} normalisation of {Outputs}",
        { IsFullyConnected: true } => $"linear {Outputs}x{Inputs}",
        _ => $"{(IsDepthwise ? "depthwise " : Groups > 1 ? "grouped " : "")}convolution {Outputs}x{Inputs}x{KernelH}x{KernelW}",
    };

    private static IEnumerable<BindingLayer> Layers(Graph graph, Node node)
    {
        if (Layer(graph, node) is not { } layer)
        {
            yield break;
        }

        yield return layer;
        if (layer.Weights.Fold?.Normalization is { } normalization)
        {
            yield return layer with { Normalization = normalization };
        }
    }

    private static BindingLayer? Layer(Graph graph, Node node)
    {
        if (graph.InputOf(node, 1) is not { IsConstant: true } weights)
        {
            return null;
        }

        Tensor? bias = graph.InputOf(node, 2);
        Shape shape = weights.Shape;
        int spread = weights.Fold?.ExpandedGroups ?? 1;
        return node.Operator switch
        {
            FullyConnected => new BindingLayer(node, weights, bias, shape[0], shape[1], 1, 1, 1),
            Conv2D { Layout: Layout.Nhwc } op => new BindingLayer(node, weights, bias, shape[0], shape[3] / spread, shape[1], shape[2], op.Groups * spread),
            DepthwiseConv2D op => new BindingLayer(node, weights, bias, shape[3], 1, shape[1], shape[2], shape[3] / op.Multiplier),
            LayerNormalization => new BindingLayer(node, weights, bias, shape[0], 1, 1, 1, 1),
            _ => null,
        };
    }

    private static IEnumerable<string> NamesOf(Tensor tensor) =>
        tensor.Source is { } source && source.Name != tensor.Name ? [tensor.Name, source.Name] : [tensor.Name];
}
