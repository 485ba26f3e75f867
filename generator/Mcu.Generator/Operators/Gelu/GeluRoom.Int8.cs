using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class GeluRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Output);
        bool approximate = Attributes(node).Approximate;
        return new LookupLayer(EquatableArray.Wrap(LookupTable.OfReal(x, y, v => Value(v, approximate))));
    }

    public ChannelFlow Flow(NodeView node) => ChannelFlow.Same(node);

    public void RunInt8(NodeRun run, Int8Layer layer) => ((LookupLayer)layer).Run(run.Input(0).Int8, run.Output.Int8);
}
