using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Channels;

/// <summary>
/// Removes channels that cannot reach the output, or that hold one byte whatever the input: every output byte stays as it is
/// (generator/DESIGN.md, "Dead channels").
/// </summary>
public static class DeadChannels
{
    /// <summary>
    /// The network with its adapters, without the channels that are dead in the base and under each of them. An adapter that is a network of its
    /// own shares the base's tables, so beside one all channels stay.
    /// </summary>
    public static Int8Model Remove(Int8Model model)
    {
        if (model.Removal is not null || model.Adapters.Any(a => a.Program is not null))
        {
            return model;
        }

        int[] adapters = [.. Enumerable.Range(0, model.Adapters.Length + 1)];
        return Remove(model, adapters) is { } reducer ? reducer.Reduce(model.Adapters) : model;
    }

    /// <summary>
    /// The network without the channels that are dead in the base, whatever its adapters: what delta images may rely on. MCU0681 where a
    /// compiled-in adapter needs one of them.
    /// </summary>
    public static Int8Model RemoveOfBase(Int8Model model)
    {
        if (model.Removal is not null || Remove(model with { Adapters = EquatableArray<Int8Adapter>.Empty }, [0]) is not { } reducer)
        {
            return model;
        }

        Int8Model reduced = reducer.Reduce(EquatableArray<Int8Adapter>.Empty);
        return reduced with { Adapters = model.Adapters.Select(a => reduced.Removal!.Reduce(a, "MCU0681")).ToEquatableArray() };
    }

    /// <summary>Null where nothing is dead.</summary>
    private static ChannelReducer? Remove(Int8Model model, IReadOnlyList<int> adapters)
    {
        Dictionary<string, sbyte?[]> constants = adapters.Select(a => ConstantChannels.Of(model, a)).Aggregate(ConstantChannels.Common);
        Dictionary<string, bool[]> removed = Find(model, new ChannelNeeds(model, adapters, constants));
        return removed.Values.Any(channels => channels.Contains(true)) ? new ChannelReducer(model, removed, constants) : null;
    }

    /// <summary>
    /// The largest set that needs nothing of itself: begins with everything and puts back what is needed. A tensor keeps one channel, since
    /// none has no shape.
    /// </summary>
    private static Dictionary<string, bool[]> Find(Int8Model model, ChannelNeeds needs)
    {
        Dictionary<string, bool[]> removed = Candidates(model);
        needs.PutBack(removed);
        while (removed.Values.Where(channels => !channels.Contains(false)).ToArray() is { Length: > 0 } empty)
        {
            Array.ForEach(empty, channels => channels[0] = false);
            needs.PutBack(removed);
        }

        return removed;
    }

    /// <summary>Every channel of activations, and of constant operands that one node reads.</summary>
    private static Dictionary<string, bool[]> Candidates(Int8Model model)
    {
        var removed = new Dictionary<string, bool[]>(StringComparer.Ordinal);
        foreach (Node node in model.Graph.Nodes)
        {
            bool isLinear = model.Layers[node.Name] is LinearLayer;
            foreach (string name in node.Inputs.Where((n, i) => n.Length > 0 && !(isLinear && i > 0)).Concat(node.Outputs))
            {
                Tensor tensor = model.Graph[name];
                bool mayGo = !tensor.IsConstant || model.Graph.Nodes.Sum(n => n.Inputs.Count(i => i == name)) == 1;
                var channels = new bool[ChannelFlow.Count(tensor)];
                Array.Fill(channels, mayGo);
                removed[name] = channels;
            }
        }

        return removed;
    }
}
