using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>Kernel call of an element-wise change of scale: a table of 256 results.</summary>
public static class RescaleLowering
{
    public const string KernelFolder = "quantize";

    public static LoweredLayer Lower(LoweringContext context, RescaleLayer layer) => new(
        "mcu_quantize_s8",
        "mcu_quantize",
        [CText.Field("count", context.View.Output.Shape.Elements)],
        ["kernels/quantize/mcu_quantize.h", "kernels/quantize/mcu_quantize_s8.c"])
    {
        FieldTables = [("table", CTable.Int8(layer.Table()))],
        Overlaps = [new Overlap(0, 0)],
    };
}
