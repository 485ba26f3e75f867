using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Operators;

public sealed partial class SoftmaxRoom : ICKernelRoom
{
    /// <summary>From here on (attention) the exponentials of all 256 input steps are worth 1 KiB of flash.</summary>
    private const int LeastTabled = 1024;

    public string KernelFolder => "softmax";

    public LoweredLayer Lower(LoweringContext context)
    {
        var softmax = (SoftmaxLayer)context.Layer;
        Rows rows = RowsOf(context.View);
        context.View.Require(Math.Max(rows.Outer, rows.Inner) <= ushort.MaxValue, "MCU0901", "a dimension is larger than 65535");
        bool tabled = context.View.Output.Shape.Elements >= LeastTabled;
        return new LoweredLayer(
            "mcu_softmax_s8",
            "mcu_softmax",
            [
                Field("outer", rows.Outer), Field("depth", rows.Depth), Field("inner", rows.Inner),
                Field("multiplier", softmax.Multiplier), Field("left_shift", softmax.LeftShift), Field("output_bits", softmax.OutputBits), Field("difference_min", softmax.DiffMin),
            ],
            ["kernels/softmax/mcu_softmax.h", "kernels/softmax/mcu_softmax_s8.c"])
        {
            FieldTables = tabled ? [("exponential", CTable.Int32(Enumerable.Range(0, 256).Select(softmax.Exponential)))] : [],

            // A row with a stride lies among others that are still needed: only its own place may be overwritten.
            Overlaps = [new Overlap(0, 0, Exact: rows.Inner > 1)],
        };
    }
}
