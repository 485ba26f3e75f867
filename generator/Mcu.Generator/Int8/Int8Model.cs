using System.Collections.Immutable;
using Mcu.Generator.Channels;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>An int8 graph with every node's constants derived, and the adapters that may be selected at run time.</summary>
/// <param name="Graph">Validated int8 graph.</param>
/// <param name="Layers">Prepared constants by node name.</param>
/// <param name="Adapters">In selection order; index 0 (NONE) is not in this list.</param>
public sealed record Int8Model(Graph Graph, ImmutableDictionary<string, Int8Layer> Layers, EquatableArray<Int8Adapter> Adapters)
{
    /// <summary>Prepares every node; MCU0704 for an operator without an int8 form.</summary>
    public static Int8Model Prepare(Graph graph)
    {
        var layers = ImmutableDictionary.CreateBuilder<string, Int8Layer>(StringComparer.Ordinal);
        foreach (Node node in graph.Nodes)
        {
            var view = new NodeView(graph, node);
            if (OperatorCatalog.RoomOf(node.Operator) is not IInt8Room room)
            {
                throw view.Error("MCU0704", "the operator has no int8 form", "Supported: " + string.Join(", ", OperatorCatalog.Rooms.Where(r => r is IInt8Room).Select(r => r.Name)) + ".");
            }

            layers[node.Name] = room.Prepare(view);
        }

        return new Int8Model(graph, layers.ToImmutable(), EquatableArray<Int8Adapter>.Empty);
    }

    /// <summary>What was removed from the network as its file has it; null where all channels are there.</summary>
    public ChannelRemoval? Removal { get; init; }

    /// <summary>The node's constants under an adapter (0 is the base).</summary>
    public Int8Layer LayerOf(Node node, int adapterIndex) =>
        adapterIndex > 0 && Adapters[adapterIndex - 1].Variants.TryGetValue(node.Name, out LayerVariant? variant)
            ? variant.Layer
            : Layers[node.Name];

    /// <summary>Nodes that at least one adapter changes, in execution order.</summary>
    public IEnumerable<Node> AdaptedNodes => Graph.Nodes.Where(n => Adapters.Any(a => a.Variants.ContainsKey(n.Name)));
}

/// <summary>How an adapter changes one layer on the device.</summary>
public enum AdapterMode
{
    /// <summary>Another bias vector (BitFit).</summary>
    Bias,

    /// <summary>Merged weights stored as a whole copy with their own scales.</summary>
    MergeCopy,

    /// <summary>Merged weights at the base's scales, stored as the differing entries.</summary>
    MergeSparse,

    /// <summary>Low-rank factors beside the base's weights.</summary>
    Side,

    /// <summary>A replaced layer (modules_to_save).</summary>
    Replace,

    /// <summary>Other requantisation multipliers and shifts, mostly with another bias ((IA)³, batch normalisation).</summary>
    Requant,

    /// <summary>Other gamma and beta of a layer normalisation.</summary>
    Norm,
}

/// <summary>One layer under one adapter.</summary>
/// <param name="Layer">A <see cref="LinearLayer"/>, or with <see cref="AdapterMode.Norm"/> a <see cref="LayerNormalizationLayer"/>.</param>
public sealed record LayerVariant(AdapterMode Mode, Int8Layer Layer, string Note = "")
{
    /// <summary>The layer in every mode but <see cref="AdapterMode.Norm"/>.</summary>
    public LinearLayer Linear => (LinearLayer)Layer;

    /// <summary>Weights that the adapter changes by less than half a step of the base's scales, so that nothing is stored for them.</summary>
    public int DroppedChanges { get; init; }

    /// <summary>Weights that the adapter takes beyond the base's range, where they end.</summary>
    public int SaturatedChanges { get; init; }
}

/// <summary>An adapter in int8.</summary>
/// <param name="Name">Name for reports and emitted identifiers.</param>
/// <param name="Sha256">Hash of the adapter's files.</param>
/// <param name="Variants">Changed layers by node name.</param>
public sealed record Int8Adapter(string Name, string Sha256, ImmutableDictionary<string, LayerVariant> Variants)
{
    /// <summary>The whole network with the adapter in it, where it adds nodes; it has no variants then. Null for others.</summary>
    public Int8Model? Program { get; init; }

    /// <summary>What reports call its methods.</summary>
    public EquatableArray<string> Methods { get; init; } = [];
}
