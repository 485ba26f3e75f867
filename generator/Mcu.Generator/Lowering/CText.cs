using System.Globalization;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Lowering;

/// <summary>Pieces of C initialisers.</summary>
public static class CText
{
    public static string Field(string name, long value) =>
        $".{name} = {value.ToString(CultureInfo.InvariantCulture)}";

    public static string Field(string name, string value) => $".{name} = {value}";

    public static string Array(string name, IEnumerable<long> values) =>
        $".{name} = {{{string.Join(", ", values.Select(v => v.ToString(CultureInfo.InvariantCulture)))}}}";

    /// <summary>Initialiser of <c>mcu_window</c>.</summary>
    public static string Window(string name, Window2D window, Graphs.Shape x, Graphs.Shape y) =>
        $".{name} = {{{string.Join(", ", [
            Field("input_h", x[1]), Field("input_w", x[2]), Field("input_c", x[3]),
            Field("output_h", y[1]), Field("output_w", y[2]), Field("output_c", y[3]),
            Field("kernel_h", window.KernelH), Field("kernel_w", window.KernelW),
            Field("stride_h", window.StrideH), Field("stride_w", window.StrideW),
            Field("dilation_h", window.DilationH), Field("dilation_w", window.DilationW),
            Field("pad_top", window.Padding.Top), Field("pad_left", window.Padding.Left)])}}}";
}
