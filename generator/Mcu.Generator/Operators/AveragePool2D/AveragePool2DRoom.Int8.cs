using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class AveragePool2DRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        AveragePool2D pool = Attributes(node);
        node.Require(pool.Layout == Layout.Nhwc && !(pool.CountIncludePad && !pool.Window.Padding.IsZero), "MCU0706", "int8 average pool needs NHWC and does not count padding");
        return PoolRules.Prepare(node, pool.Activation);
    }

    public ChannelFlow Flow(NodeView node) => ChannelFlow.Same(node);

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        var clamp = (ClampLayer)layer;
        PoolRules.ForEachWindow(run, Attributes(run).Window, (window, output) =>
        {
            int sum = 0;
            foreach (sbyte value in window)
            {
                sum += value;
            }

            int half = window.Length / 2;
            int mean = sum > 0 ? (sum + half) / window.Length : (sum - half) / window.Length;
            run.Output.Int8[output] = (sbyte)Math.Clamp(mean, clamp.ActivationMin, clamp.ActivationMax);
        });
    }
}
