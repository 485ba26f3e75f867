using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>Kernel, strides, dilations and padding of the ONNX window operators.</summary>
internal static class OnnxWindow
{
    /// <summary>The window over the spatial axes of <paramref name="shape"/> (rank 3 or 4, NCHW).</summary>
    public static Window2D Read(OnnxNode node, Shape shape, int[] kernel)
    {
        int spatial = shape.Rank - 2;
        int[] strides = PerAxis(node, "strides", spatial);
        int[] dilations = PerAxis(node, "dilations", spatial);
        node.Require(kernel.Length == spatial, "MCU0317", $"'kernel_shape' has {kernel.Length} values; {spatial} are expected");
        node.Require(
            kernel.Concat(strides).Concat(dilations).All(v => v is > 0 and <= (1 << 28)),
            "MCU0317",
            "kernel, strides and dilations must be positive");
        int[] pads = Padding(node, shape, kernel, strides, dilations);
        return spatial == 2
            ? new Window2D(kernel[0], kernel[1], strides[0], strides[1], dilations[0], dilations[1], new Padding2D(pads[0], pads[1], pads[2], pads[3]))
            : new Window2D(1, kernel[0], 1, strides[0], 1, dilations[0], new Padding2D(0, pads[0], 0, pads[1]));
    }

    /// <summary>The window with as much padding at the end as <c>ceil_mode</c> asks for.</summary>
    public static Window2D Ceil(OnnxNode node, Shape shape, Window2D window)
    {
        if (!node.Flag("ceil_mode", false))
        {
            return window;
        }

        int height = shape.Rank == 4 ? shape[2] : 1;
        Padding2D p = window.Padding;
        int bottom = CeilPadding(height, p.Top, p.Bottom, window.KernelH, window.StrideH, window.DilationH);
        int right = CeilPadding(shape[-1], p.Left, p.Right, window.KernelW, window.StrideW, window.DilationW);
        return window with { Padding = p with { Bottom = bottom, Right = right } };
    }

    private static int CeilPadding(long extent, int before, int after, long kernel, long stride, long dilation)
    {
        long reach = ((kernel - 1) * dilation) + 1;
        long room = extent + before + after - reach;
        long outputs = room < 0 ? 1 : ((room + stride - 1) / stride) + 1;

        // A window that would start beyond the image and its leading padding is left out.
        if ((outputs - 1) * stride >= extent + before)
        {
            outputs--;
        }

        long needed = ((outputs - 1) * stride) + reach - extent - before;
        return (int)Math.Clamp(needed, after, int.MaxValue);
    }

    private static int[] PerAxis(OnnxNode node, string name, int spatial)
    {
        int[] values = node.Ints(name) ?? [.. Enumerable.Repeat(1, spatial)];
        node.Require(values.Length == spatial, "MCU0317", $"'{name}' has {values.Length} values; {spatial} are expected");
        return values;
    }

    private static int[] Padding(OnnxNode node, Shape shape, int[] kernel, int[] strides, int[] dilations)
    {
        int spatial = kernel.Length;
        string mode = node.Text("auto_pad", "NOTSET");
        int[] pads = node.Ints("pads") ?? new int[spatial * 2];
        node.Require(pads.Length == spatial * 2 && pads.All(p => p >= 0), "MCU0317", "'pads' must hold a non-negative number for each side");
        if (mode == "NOTSET")
        {
            return pads;
        }

        node.Require(mode is "SAME_UPPER" or "SAME_LOWER" or "VALID", "MCU0317", $"auto_pad '{mode}' is not known");
        node.Require(pads.All(p => p == 0), "MCU0317", "'pads' and 'auto_pad' are both given");
        if (mode == "VALID")
        {
            return pads;
        }

        for (int axis = 0; axis < spatial; axis++)
        {
            long extent = shape[axis + 2];
            long outputs = (extent + strides[axis] - 1) / strides[axis];
            long total = Math.Max(0, ((outputs - 1) * strides[axis]) + ((kernel[axis] - 1L) * dilations[axis]) + 1 - extent);
            node.Require(total <= 1 << 28, "MCU0317", "the padding is too large");
            long small = total / 2;
            (long before, long after) = mode == "SAME_UPPER" ? (small, total - small) : (total - small, small);
            pads[axis] = (int)before;
            pads[axis + spatial] = (int)after;
        }

        return pads;
    }
}
