using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Lowering;

/// <summary>Limits of the C kernels' parameter structs, checked in one place.</summary>
public static class LoweringRules
{
    /// <summary>MCU0901 unless the window and the images fit the fields of <c>mcu_window</c>, for one image.</summary>
    public static void CheckWindow(NodeView view, Window2D window)
    {
        Shape x = view.Input(0).Shape;
        Shape y = view.Output.Shape;
        view.Require(x[0] == 1, "MCU0902", $"batch {x[0]} is not supported by the emitted kernels", "Export the model with batch 1.");
        bool images = x.Dims.Concat(y.Dims).All(d => d <= ushort.MaxValue);
        int[] small = [window.KernelH, window.KernelW, window.StrideH, window.StrideW, window.DilationH, window.DilationW, window.Padding.Top, window.Padding.Left];
        view.Require(images && small.All(v => v <= byte.MaxValue), "MCU0901", "a dimension does not fit the kernel's parameters (65535 per axis, 255 per window field)");
    }

    /// <summary>Four dimensions with leading ones; MCU0903 for more than four.</summary>
    public static long[] FourDimensions(NodeView view, IEnumerable<int> dims, long fill)
    {
        long[] values = [.. dims.Select(d => (long)d)];
        view.Require(values.Length <= 4, "MCU0903", "more than four dimensions");
        return [.. Enumerable.Repeat(fill, 4 - values.Length), .. values];
    }
}
