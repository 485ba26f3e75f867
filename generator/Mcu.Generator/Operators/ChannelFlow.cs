using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>How channels, the last axis of activations, pass through an operator: what the removal of dead ones may rely on.</summary>
public abstract record ChannelFlow
{
    /// <summary>Whether weights may meet padding, which counts as the input's zero point.</summary>
    public bool ReadsPadding { get; init; }

    /// <summary>Any output may depend on any channel, and none can be left out.</summary>
    public static ChannelFlow Mixed { get; } = new MixedChannels();

    /// <summary>Output channel c reads channel c of every input that has as many channels.</summary>
    public static ChannelFlow Same(NodeView node)
    {
        int channels = Count(node.Output);
        return new LinkedChannels(Inputs(node)
            .Where(i => Count(node.Input(i)) == channels)
            .SelectMany(i => Enumerable.Range(0, channels).Select(c => new ChannelLink(i, c, c)))
            .ToEquatableArray());
    }

    /// <summary>Output channel c reads channel <c>source(c)</c> of the first input.</summary>
    public static ChannelFlow From(NodeView node, Func<int, int> source) =>
        new LinkedChannels(Enumerable.Range(0, Count(node.Output)).Select(c => new ChannelLink(0, source(c), c)).ToEquatableArray());

    /// <summary>Channels of a tensor; a scalar has one.</summary>
    public static int Count(Tensor tensor) => tensor.Shape.Rank == 0 ? 1 : tensor.Shape[-1];

    /// <summary>Indices of the inputs that are present.</summary>
    public static IEnumerable<int> Inputs(NodeView node) => Enumerable.Range(0, node.InputCount).Where(i => node.OptionalInput(i) is not null);
}

/// <summary>See <see cref="ChannelFlow.Mixed"/>.</summary>
public sealed record MixedChannels : ChannelFlow;

/// <summary>Each output channel reads linked channels alone, at any position; an input without links is read whole.</summary>
public sealed record LinkedChannels(EquatableArray<ChannelLink> Links) : ChannelFlow;

/// <summary>One output channel reads one channel of one input.</summary>
public readonly record struct ChannelLink(int Input, int InputChannel, int OutputChannel);

/// <summary>Weights <c>[outputs, columns]</c>; column k reads channel <c>k mod channels</c> of the first input.</summary>
public sealed record MatrixChannels : ChannelFlow;
