using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>Kernel call of a pool; average and maximum differ only in the kernel's name.</summary>
public static class PoolLowering
{
    public static LoweredLayer Lower(LoweringContext context, string kernel, Window2D window, ClampLayer layer)
    {
        LoweringRules.CheckWindow(context.View, window);
        context.View.Require(window is { DilationH: 1, DilationW: 1 }, "MCU0909", "a dilated pool has no kernel yet");
        Shape x = context.View.Input(0).Shape;
        Shape y = context.View.Output.Shape;
        return new LoweredLayer(
            $"mcu_{kernel}_s8",
            $"mcu_{kernel}",
            [CText.Window("window", window, x, y), CText.Field("activation_min", layer.ActivationMin), CText.Field("activation_max", layer.ActivationMax)],
            [$"kernels/{kernel}/mcu_{kernel}.h", $"kernels/{kernel}/mcu_{kernel}_s8.c", "runtime/mcu_linear.h", "runtime/mcu_pool.h"])
        {
            Overlaps = [new Overlap(0, OverlapRules.ChannelWise(window, x, y))],
        };
    }
}
