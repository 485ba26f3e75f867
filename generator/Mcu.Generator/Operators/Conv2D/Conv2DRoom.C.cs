using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class Conv2DRoom : ICKernelRoom
{
    public string KernelFolder => "conv2d";

    public LoweredLayer Lower(LoweringContext context)
    {
        NodeView view = context.View;
        Conv2D conv = Attributes(view);
        view.Require(conv.Groups == 1, "MCU0906", $"grouped convolution ({conv.Groups} groups) has no kernel yet", "Use groups = 1 or a depthwise convolution.");
        LoweringRules.CheckWindow(view, conv.Window);
        Shape x = view.Input(0).Shape;
        Shape y = view.Output.Shape;
        int depth = conv.Window.KernelH * conv.Window.KernelW * x[3];
        int padded = LinearLowering.PaddedDepth(depth, context.IsDsp);
        int block = context.IsDsp ? DspPixels : 1;
        LinearShape shape = LinearLowering.ShapeOf(context, depth, padded);
        return new LoweredLayer(
            $"mcu_conv2d_s8{context.KernelSuffix}",
            "mcu_conv2d",
            [CText.Window("window", conv.Window, x, y), LinearLowering.ShapeField(context, shape)],
            ["kernels/conv2d/mcu_conv2d.h", $"kernels/conv2d/mcu_conv2d_s8{context.KernelSuffix}.c", "runtime/mcu_patch.h", .. LinearLowering.RuntimeFiles(context)],
            Scratch(context, conv.Window, x, depth, padded),
            PassesScratch: true)
        {
            Shape = shape,
            Linear = LinearLowering.MatrixTables(context, (LinearLayer)context.Layer, depth),
            Adapters = context.Variants.Select(v => v is null ? null : LinearLowering.MatrixTables(context, v, depth)).ToEquatableArray(),
            Overlaps = [new Overlap(0, OverlapRules.BlockedWindow(conv.Window, x, y, block))],
        };
    }

    /// <summary>Pixels that the DSP kernel gathers before it writes (MCU_DSP_PIXELS).</summary>
    private const int DspPixels = 3;

    /// <summary>Columns, projections of a side path, and the gathered patch where the kernel cannot read rows directly.</summary>
    private static int Scratch(LoweringContext context, Window2D window, Shape x, int depth, int padded)
    {
        int rank = LinearLowering.LargestRank(context);
        if (!context.IsDsp)
        {
            return (2 * rank) + depth;
        }

        bool direct = window.Padding.IsZero && window.DilationH == 1 && window.DilationW == 1 && window.KernelW * x[3] % 4 == 0;
        return (2 * DspPixels * (padded + rank)) + (direct ? 0 : padded);
    }
}
