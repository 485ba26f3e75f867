using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class DepthwiseConv2DRoom : ICKernelRoom
{
    public string KernelFolder => "depthwise_conv2d";

    public LoweredLayer Lower(LoweringContext context)
    {
        NodeView view = context.View;
        DepthwiseConv2D conv = Attributes(view);
        LoweringRules.CheckWindow(view, conv.Window);
        (Window2D window, Shape x, Shape y) = Turn(conv.Window, view.Input(0).Shape, view.Output.Shape);
        int taps = window.KernelH * window.KernelW;
        (int planeH, int planeW) = Plane(window, x, y);

        // Rows of the DSP kernel's plane are whole words, so that pairs of elements load aligned.
        planeW = context.IsDsp ? (planeW + 1) & ~1 : planeW;
        LinearShape shape = LinearLowering.ShapeOf(context, taps, taps);
        return new LoweredLayer(
            TermKernels.MayBeSparse(context) ? $"mcu_depthwise_conv2d_s8_sparse{context.KernelSuffix}" : $"mcu_depthwise_conv2d_s8{context.KernelSuffix}",
            "mcu_depthwise_conv2d",
            [
                CText.Window("window", window, x, y),
                LinearLowering.ShapeField(context, shape),
                CText.Field("multiplier", conv.Multiplier),
                CText.Field("plane_h", planeH),
                CText.Field("plane_w", planeW),
            ],
            KernelFiles(context),
            context.IsDsp ? DspScratch(window, y, planeH, planeW) : planeH * planeW,
            PassesScratch: true)
        {
            Shape = shape,
            Linear = Tables((LinearLayer)context.Layer, taps),
            Adapters = context.AdapterTables<LinearLayer>(v => Tables(v, taps)),
            Overlaps = conv.Multiplier == 1 ? [new Overlap(0, 0, Exact: true)] : [],
        };
    }

    /// <summary>Height and width of a channel's padded copy.</summary>
    private static (int Height, int Width) Plane(Window2D window, Shape x, Shape y) => (
        Math.Max(((y[1] - 1) * window.StrideH) + ((window.KernelH - 1) * window.DilationH) + 1, window.Padding.Top + x[1]),
        Math.Max(((y[2] - 1) * window.StrideW) + ((window.KernelW - 1) * window.DilationW) + 1, window.Padding.Left + x[2]));

    private static EquatableArray<string> KernelFiles(LoweringContext context)
    {
        string folder = "kernels/depthwise_conv2d/";
        string suffix = context.KernelSuffix;
        return
        [
            folder + "mcu_depthwise_conv2d.h", $"{folder}mcu_depthwise_conv2d_s8{suffix}.c", $"runtime/mcu_depthwise{suffix}.h",
            .. context.IsDsp ? ["runtime/mcu_depthwise_3x3__dsp.c", "runtime/mcu_depthwise_3x3__dsp.h"] : Array.Empty<string>(),
            .. TermKernels.MayBeSparse(context)
                ? [$"{folder}mcu_depthwise_conv2d_s8_sparse{suffix}.c", "runtime/mcu_depthwise_sparse.h", "runtime/mcu_room.h", "runtime/mcu_sparse.h"]
                : Array.Empty<string>(),
        ];
    }

    /// <summary>An image of one column is walked as an image of one row, so that taps lie side by side.</summary>
    private static (Window2D Window, Shape X, Shape Y) Turn(Window2D w, Shape x, Shape y)
    {
        bool isColumn = x[2] == 1 && w.KernelW == 1 && y[2] == 1 && w.Padding.Left == 0;
        return isColumn
            ? (new Window2D(1, w.KernelH, w.StrideW, w.StrideH, w.DilationW, w.DilationH, new Padding2D(w.Padding.Left, w.Padding.Top, w.Padding.Right, w.Padding.Bottom)),
                new Shape(x[0], x[2], x[1], x[3]),
                new Shape(y[0], y[2], y[1], y[3]))
            : (w, x, y);
    }

    /// <summary>Plane of int16, a row of sums rounded up to even, and the taps in pairs (six words for 3x3).</summary>
    private static int DspScratch(Window2D window, Shape y, int planeH, int planeW)
    {
        int plane = ((planeH * planeW) + 3) & ~1;
        int taps = Math.Max(6, window.KernelH * ((window.KernelW + 1) / 2));
        return (2 * plane) + (4 * ((y[2] + 1) & ~1)) + (4 * taps);
    }

    /// <summary>Weights <c>[1,KH,KW,O]</c> become <c>[O, taps]</c>.</summary>
    private static LinearTables Tables(LinearLayer layer, int taps)
    {
        var weights = new sbyte[layer.Weights.Length];
        for (int o = 0; o < layer.OutputChannels; o++)
        {
            for (int k = 0; k < taps; k++)
            {
                weights[(o * taps) + k] = layer.Weights[(k * layer.OutputChannels) + o];
            }
        }

        return LinearLowering.DepthwiseTables(layer, weights, taps);
    }
}
