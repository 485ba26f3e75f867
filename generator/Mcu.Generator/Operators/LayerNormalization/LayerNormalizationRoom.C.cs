using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Operators;

public sealed partial class LayerNormalizationRoom : ICKernelRoom
{
    public string KernelFolder => "layer_normalization";

    public LoweredLayer Lower(LoweringContext context)
    {
        var norm = (LayerNormalizationLayer)context.Layer;
        int depth = norm.Gamma.Length;
        int shift = -norm.By.Shift;
        bool fast = shift is >= 1 and <= 22 && LargestAccumulator(norm) < 1L << 30;
        return new LoweredLayer(
            "mcu_layer_normalization_s8",
            "mcu_layer_normalization",
            [
                Field("rows", context.View.Output.Shape.Elements / depth), Field("depth", depth), Field("fraction_bits", norm.FractionBits),
                Field("output_zero_point", norm.OutputZeroPoint), Field("shift", shift), Field("fast", fast ? 1 : 0),
                Field("multiplier", norm.By.Multiplier), Field("epsilon", norm.Epsilon),
            ],
            ["kernels/layer_normalization/mcu_layer_normalization.h", "kernels/layer_normalization/mcu_layer_normalization_s8.c"])
        {
            FieldTables = [("gamma", CTable.Int16(norm.Gamma)), ("beta", CTable.Int32(norm.Beta))],
            Overlaps = [new Overlap(0, 0)],
        };
    }

    /// <summary>With the normalised value at its bound of 2^15 + 1.</summary>
    private static long LargestAccumulator(LayerNormalizationLayer norm) =>
        norm.Gamma.Zip(norm.Beta, (g, b) => (Math.Abs((long)g) * ((1 << 15) + 1)) + Math.Abs((long)b)).Max();
}
