using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class ReshapeRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node) => MoveRules.Prepare(node);

    /// <summary>Channels stay, or lie one after the other for each position (a flatten).</summary>
    public ChannelFlow Flow(NodeView node)
    {
        int channels = ChannelFlow.Count(node.Input(0));
        return ChannelFlow.Count(node.Output) % channels == 0 ? ChannelFlow.From(node, c => c % channels) : ChannelFlow.Mixed;
    }

    public Operator WithChannels(NodeView node, int channels) =>
        new Reshape(new Shape(node.Output.Shape.Dims.SkipLast(1).Append(channels).ToEquatableArray()));

    public void RunInt8(NodeRun run, Int8Layer layer) => run.Input(0).Int8.CopyTo(run.Output.Int8, 0);
}
