using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>
/// Constants of layer normalisations in the form of linear layers, so that adapters and delta images switch both alike: gamma as weights of
/// two bytes, beta as bias, one multiplier and one shift.
/// </summary>
public static class NormLowering
{
    /// <summary>Bound on the normalised value.</summary>
    public const long LargestNormal = (1 << 15) + 1;

    public static LinearTables Tables(LayerNormalizationLayer norm) => new(
        CTable.Int16(norm.Gamma), CTable.Int32(norm.Beta), CTable.Int32([norm.By.Multiplier]), CTable.Int8([(sbyte)-norm.By.Shift]), null, null);

    /// <summary>Largest magnitude of <c>gamma·h + beta</c>.</summary>
    public static long LargestAccumulator(LayerNormalizationLayer norm) =>
        norm.Gamma.Zip(norm.Beta, (g, b) => (Math.Abs((long)g) * LargestNormal) + Math.Abs((long)b)).Max();

    /// <summary>Initialiser of <c>mcu_linear_shape</c>.</summary>
    public static string ShapeField(LoweringContext context, LinearShape shape)
    {
        Quantization x = context.View.Input(0).Quantization!;
        return LinearLowering.ShapeField(shape, x.ZeroPoint, ((LayerNormalizationLayer)context.Layer).OutputZeroPoint, sbyte.MinValue, sbyte.MaxValue);
    }
}
