using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>Kernel call of a convolution of one image, NHWC; also of a fully connected layer over many rows.</summary>
public static class ConvolutionLowering
{
    public const string KernelFolder = "conv2d";

    /// <summary>Pixels that the DSP kernel gathers before it writes (MCU_DSP_PIXELS).</summary>
    public const int DspPixels = 3;

    /// <param name="x">Input <c>[1,H,W,C]</c>.</param>
    /// <param name="y">Output <c>[1,H,W,O]</c>.</param>
    public static LoweredLayer Lower(LoweringContext context, Window2D window, Shape x, Shape y)
    {
        int depth = window.KernelH * window.KernelW * x[3];
        int padded = LinearLowering.PaddedDepth(depth, context.IsDsp);
        int block = context.IsDsp ? DspPixels : 1;
        LinearShape shape = LinearLowering.ShapeOf(context, depth, padded);
        return new LoweredLayer(
            $"mcu_conv2d_s8{context.KernelSuffix}",
            "mcu_conv2d",
            [CText.Window("window", window, x, y), LinearLowering.ShapeField(context, shape)],
            ["kernels/conv2d/mcu_conv2d.h", $"kernels/conv2d/mcu_conv2d_s8{context.KernelSuffix}.c", "runtime/mcu_patch.h", .. LinearLowering.RuntimeFiles(context)],
            Scratch(context, window, x, depth, padded),
            PassesScratch: true)
        {
            Shape = shape,
            Linear = LinearLowering.MatrixTables(context, (LinearLayer)context.Layer, depth),
            Adapters = context.AdapterTables<LinearLayer>(v => LinearLowering.MatrixTables(context, v, depth)),
            Overlaps = [new Overlap(0, OverlapRules.BlockedWindow(window, x, y, block))],
        };
    }

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
