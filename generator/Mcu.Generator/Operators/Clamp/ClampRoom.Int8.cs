using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class ClampRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        Quantization y = Int8Rules.Activation(node, node.Output);
        (int min, int max) = Int8Rules.ActivationRange(Attributes(node).Range, y);
        return RescaleRules.Prepare(node, min, max);
    }

    public ChannelFlow Flow(NodeView node) => ChannelFlow.Same(node);

    public void RunInt8(NodeRun run, Int8Layer layer) => RescaleRules.Run(run, layer);
}
