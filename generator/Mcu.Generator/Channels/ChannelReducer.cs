using System.Collections.Immutable;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Channels;

/// <summary>Writes a network without its removed channels; what constant ones gave goes into the start values of the layers that read them.</summary>
internal sealed class ChannelReducer
{
    private readonly Int8Model whole;
    private readonly Dictionary<string, bool[]> removed;
    private readonly Dictionary<string, sbyte?[]> constants;
    private readonly ImmutableDictionary<string, EquatableArray<int>> kept;

    public ChannelReducer(Int8Model whole, Dictionary<string, bool[]> removed, Dictionary<string, sbyte?[]> constants)
    {
        (this.whole, this.removed, this.constants) = (whole, removed, constants);
        kept = removed.Where(r => r.Value.Contains(true)).ToImmutableDictionary(
            r => r.Key, r => Enumerable.Range(0, r.Value.Length).Where(c => !r.Value[c]).ToEquatableArray(), StringComparer.Ordinal);
    }

    /// <summary>The reduced network with adapters of the whole one.</summary>
    public Int8Model Reduce(EquatableArray<Int8Adapter> adapters)
    {
        var tensors = kept.ToDictionary(k => k.Key, k => Narrowed(whole.Graph[k.Key], k.Value), StringComparer.Ordinal);
        ImmutableDictionary<string, Int8Layer> layers = whole.Layers;
        var nodes = new List<Node>();
        foreach (Node node in whole.Graph.Nodes)
        {
            Node next = node;
            if (kept.TryGetValue(node.Output, out EquatableArray<int> outputs))
            {
                next = node with { Operator = ((IInt8Room)OperatorCatalog.RoomOf(node.Operator)).WithChannels(new NodeView(whole.Graph, node), outputs.Length) };
            }

            if (whole.Layers[node.Name] is LinearLayer layer && IsTouched(node))
            {
                LinearLayer reduced = Reduce(node, layer);
                layers = layers.SetItem(node.Name, reduced);
                next = WithTables(next, reduced, tensors);
            }

            nodes.Add(next);
        }

        Graph graph = Passes.GraphRewrite.WithoutUnusedTensors(whole.Graph.With(nodes, tensors.Values));
        return whole with
        {
            Graph = GraphValidator.Validate(graph),
            Layers = layers,
            Adapters = adapters.Select(Reduce).ToEquatableArray(),
            Removal = new ChannelRemoval(whole with { Adapters = EquatableArray<Int8Adapter>.Empty }, kept, this),
        };
    }

    /// <summary>An adapter of the whole network, which needs no removed channel.</summary>
    public Int8Adapter Reduce(Int8Adapter adapter) => adapter with
    {
        Variants = adapter.Variants.ToImmutableDictionary(
            v => v.Key,
            v => v.Value.Layer is LinearLayer layer && NodeOf(v.Key) is var node && IsTouched(node) ? v.Value with { Layer = Rescaled(node, Reduce(node, layer)) } : v.Value,
            StringComparer.Ordinal),
    };

    /// <summary>An adapter of the reduced network for the whole one; removed outputs are the base's.</summary>
    public Int8Adapter Expand(Int8Adapter adapter) => adapter with
    {
        Variants = adapter.Variants.ToImmutableDictionary(
            v => v.Key,
            v => v.Value.Layer is LinearLayer layer && NodeOf(v.Key) is var node && IsTouched(node) ? v.Value with { Layer = Expand(node, layer) } : v.Value,
            StringComparer.Ordinal),
    };

    /// <summary>Channels that the whole network needs when it runs under an adapter, and that are not there.</summary>
    public IReadOnlyList<(string Tensor, int Channel)> Missing(Int8Adapter adapter)
    {
        Int8Model adapted = whole with { Adapters = [adapter] };
        Dictionary<string, sbyte?[]> common = ConstantChannels.Common(constants, ConstantChannels.Of(adapted, 1));
        Dictionary<string, bool[]> left = removed.ToDictionary(r => r.Key, r => (bool[])[.. r.Value], StringComparer.Ordinal);
        new ChannelNeeds(adapted, [1], common).PutBack(left);
        return [.. removed.SelectMany(r => Enumerable.Range(0, r.Value.Length).Where(c => r.Value[c] && !left[r.Key][c]).Select(c => (r.Key, c)))];
    }

    /// <summary>Outputs that lost all their weights get the constants that the base's get when it is compiled.</summary>
    private static LinearLayer Rescaled(Node node, LinearLayer layer) =>
        ConstantOutputs.Rescale(layer, layer.Weights.Length / layer.OutputChannels, node.Operator is DepthwiseConv2D);

    private Node NodeOf(string name) => whole.Graph.Nodes.First(n => n.Name == name);

    private bool IsTouched(Node node) => kept.ContainsKey(node.Inputs[0]) || kept.ContainsKey(node.Output);

    private EquatableArray<int> KeptOf(string tensor) =>
        kept.TryGetValue(tensor, out EquatableArray<int> channels) ? channels : Enumerable.Range(0, ChannelFlow.Count(whole.Graph[tensor])).ToEquatableArray();

    private LinearLayer Reduce(Node node, LinearLayer layer)
    {
        EquatableArray<int> outputs = KeptOf(node.Output);
        return node.Operator is DepthwiseConv2D
            ? LinearSlice.Depthwise(layer, outputs)
            : LinearSlice.Matrix(layer, outputs, KeptOf(node.Inputs[0]), constants[node.Inputs[0]]);
    }

    private LinearLayer Expand(Node node, LinearLayer layer)
    {
        var all = (LinearLayer)whole.Layers[node.Name];
        return node.Operator is DepthwiseConv2D
            ? LinearSpread.Depthwise(layer, all, KeptOf(node.Output))
            : LinearSpread.Matrix(layer, all, KeptOf(node.Output), KeptOf(node.Inputs[0]), constants[node.Inputs[0]]);
    }

    /// <summary>The node with weights and bias of the layer as constants of its own.</summary>
    private Node WithTables(Node node, LinearLayer layer, Dictionary<string, Tensor> tensors)
    {
        Tensor weights = whole.Graph[node.Inputs[1]];
        int[] dims = weights.Shape.Dims.ToArray();
        EquatableArray<int> outputs = KeptOf(node.Output);
        if (node.Operator is DepthwiseConv2D)
        {
            dims[^1] = outputs.Length;
        }
        else
        {
            (dims[0], dims[^1]) = (outputs.Length, dims[^1] / ChannelFlow.Count(whole.Graph[node.Inputs[0]]) * KeptOf(node.Inputs[0]).Length);
        }

        Quantization scales = weights.Quantization!;
        Tensor narrow = weights with
        {
            Name = OwnName(node, 1),
            Shape = new Shape(dims),
            Data = new Int8Data(layer.Weights),
            Quantization = scales.IsPerChannel ? scales with { Scales = Pick(scales.Scales, outputs), ZeroPoints = Pick(scales.ZeroPoints, outputs) } : scales,
            Fold = null,
        };
        var bias = new Tensor(OwnName(node, 2), DataType.Int32, new Shape(outputs.Length)) { Data = new Int32Data(layer.Bias) };
        (tensors[narrow.Name], tensors[bias.Name]) = (narrow, bias);
        return node with { Inputs = [node.Inputs[0], narrow.Name, bias.Name] };
    }

    /// <summary>The constant's name where no other node reads it.</summary>
    private string OwnName(Node node, int input)
    {
        string name = node.Inputs.Length > input ? node.Inputs[input] : "";
        return name.Length > 0 && whole.Graph.Nodes.Sum(n => n.Inputs.Count(i => i == name)) == 1 ? name : Unused($"{node.Name}:{(input == 1 ? "weights" : "bias")}");
    }

    private string Unused(string name)
    {
        while (whole.Graph.Tensors.ContainsKey(name))
        {
            name += "'";
        }

        return name;
    }

    /// <summary>A tensor with some of its channels; it is no longer the source's.</summary>
    private static Tensor Narrowed(Tensor tensor, EquatableArray<int> channels)
    {
        int all = ChannelFlow.Count(tensor);
        return tensor with
        {
            Shape = new Shape(tensor.Shape.Dims.SkipLast(1).Append(channels.Length).ToEquatableArray()),
            Source = null,
            Data = tensor.Data is Int8Data data
                ? new Int8Data(Enumerable.Range(0, data.Length / all).SelectMany(p => channels.Select(c => data.Values[(p * all) + c])).ToEquatableArray())
                : null,
        };
    }

    private static EquatableArray<T> Pick<T>(EquatableArray<T> values, EquatableArray<int> indices) => indices.Select(i => values[i]).ToEquatableArray();
}
