using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class MaxPool2DRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        MaxPool2D pool = Attributes(node);
        node.Require(pool.Layout == Layout.Nhwc, "MCU0706", "int8 maximum pool needs NHWC");
        return PoolRules.Prepare(node, pool.Activation);
    }

    public ChannelFlow Flow(NodeView node) => ChannelFlow.Same(node);

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        var clamp = (ClampLayer)layer;
        PoolRules.ForEachWindow(run, Attributes(run).Window, (window, output) =>
        {
            sbyte best = sbyte.MinValue;
            foreach (sbyte value in window)
            {
                best = Math.Max(best, value);
            }

            run.Output.Int8[output] = (sbyte)Math.Clamp((int)best, clamp.ActivationMin, clamp.ActivationMax);
        });
    }
}
