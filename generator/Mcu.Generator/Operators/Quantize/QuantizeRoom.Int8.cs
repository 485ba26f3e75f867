using Mcu.Generator.Execution;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class QuantizeRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node) => RescaleRules.Prepare(node, sbyte.MinValue, sbyte.MaxValue);

    public ChannelFlow Flow(NodeView node) => ChannelFlow.Same(node);

    public void RunInt8(NodeRun run, Int8Layer layer) => RescaleRules.Run(run, layer);
}
