using System.Collections.Immutable;
using System.Globalization;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Channels;

/// <summary>What was removed from a network.</summary>
public sealed record ChannelRemoval
{
    private readonly ChannelReducer reducer;
    private readonly ImmutableDictionary<string, EquatableArray<int>> kept;

    internal ChannelRemoval(Int8Model whole, ImmutableDictionary<string, EquatableArray<int>> kept, ChannelReducer reducer) =>
        (Whole, this.kept, this.reducer) = (whole, kept, reducer);

    /// <summary>The network with all channels, without adapters.</summary>
    public Int8Model Whole { get; }

    /// <summary>Channels of an activation that are there: <c>all</c>, or ranges such as <c>0-3,7</c>.</summary>
    public string RangesOf(string tensor) => kept.TryGetValue(tensor, out EquatableArray<int> channels) ? Ranges(channels) : "all";

    /// <summary>How many channels of an activation were removed.</summary>
    public int CountOf(string tensor) => kept.TryGetValue(tensor, out EquatableArray<int> channels) ? ChannelFlow.Count(Whole.Graph[tensor]) - channels.Length : 0;

    /// <summary>The adapter of the whole network for the reduced one.</summary>
    /// <exception cref="DiagnosticException"><paramref name="code"/> where it needs removed channels, by layer and channel.</exception>
    public Int8Adapter Reduce(Int8Adapter adapter, string code)
    {
        ILookup<string, int> missing = reducer.Missing(adapter).ToLookup(m => LayerOf(m.Tensor), m => m.Channel);
        if (missing.Count == 0)
        {
            return reducer.Reduce(adapter);
        }

        string names = string.Join("; ", Whole.Graph.Nodes.Where(n => missing.Contains(n.Name)).Select(n => $"'{n.Name}' {Ranges(missing[n.Name].Distinct().Order().ToEquatableArray())}"));
        throw new DiagnosticException(
            code,
            $"The adapter needs channels that were removed from the network because they are dead in the base: {names}.",
            adapter.Name,
            "Compile and pack with --dead-channels keep, or train without these channels.");
    }

    /// <summary>The adapter of the reduced network for the whole one: removed channels are the base's.</summary>
    /// <exception cref="DiagnosticException">MCU1227 where a removed channel would not be what it is in the base, which the reduced network knows nothing of.</exception>
    public Int8Adapter Expand(Int8Adapter adapter)
    {
        Int8Adapter whole = reducer.Expand(adapter);
        return reducer.Missing(whole).Count == 0 ? whole : throw new DiagnosticException(
            "MCU1227",
            "The delta image changes what channels depend on that were removed from the network it is for, so with all channels it would mean something else.",
            adapter.Name,
            "Attach it to firmware compiled with --dead-channels remove, as an image.");
    }

    /// <summary>Ascending numbers as ranges.</summary>
    internal static string Ranges(EquatableArray<int> channels)
    {
        var parts = new List<string>();
        for (int i = 0; i < channels.Length;)
        {
            int last = i;
            while (last + 1 < channels.Length && channels[last + 1] == channels[last] + 1)
            {
                last++;
            }

            parts.Add(last == i ? Text(channels[i]) : Text(channels[i]) + "-" + Text(channels[last]));
            i = last + 1;
        }

        return string.Join(',', parts);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The layer with weights that a tensor's channels come from, or the node that writes it.</summary>
    private string LayerOf(string tensor)
    {
        Node? node = Whole.Graph.ProducerOf(tensor);
        while (node is not null && Whole.Layers[node.Name] is not LinearLayer && node.Operator is not Concat && Whole.Graph.ProducerOf(node.Inputs[0]) is { } before
            && ChannelFlow.Count(Whole.Graph[before.Output]) == ChannelFlow.Count(Whole.Graph[node.Output]))
        {
            node = before;
        }

        return node?.Name ?? tensor;
    }
}
