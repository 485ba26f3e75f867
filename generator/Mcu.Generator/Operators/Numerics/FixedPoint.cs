namespace Mcu.Generator.Operators.Numerics;

/// <summary>
/// Integer arithmetic of the int8 kernels: the one place for requantisation and rounding on the host side. Semantics of
/// gemmlowp's fixed point and TensorFlow Lite's two-rounding requantisation.
/// </summary>
public static class FixedPoint
{
    /// <summary>
    /// The 31-bit mantissa and the exponent of a real multiplier: <c>real ≈ multiplier · 2^(shift−31)</c>, rounded half away from
    /// zero; multipliers below 2^-32 become zero (TensorFlow Lite <c>QuantizeMultiplier</c>).
    /// </summary>
    /// <param name="real">Finite and not negative.</param>
    public static Requantization QuantizeMultiplier(double real)
    {
        if (real == 0)
        {
            return new Requantization(0, 0);
        }

        int shift = Math.ILogB(real) + 1;
        long mantissa = (long)Math.Round(Math.ScaleB(real, 31 - shift), MidpointRounding.AwayFromZero);
        if (mantissa == 1L << 31)
        {
            mantissa /= 2;
            shift++;
        }

        return shift < -31 ? new Requantization(0, 0) : new Requantization((int)mantissa, shift);
    }

    /// <summary><c>(2·a·b + 2^31) >> 32</c>, saturated for the one overflowing pair.</summary>
    public static int SaturatingRoundingDoublingHighMul(int a, int b)
    {
        if (a == int.MinValue && b == int.MinValue)
        {
            return int.MaxValue;
        }

        return (int)(((long)a * b + (1L << 30)) >> 31);
    }

    /// <summary><c>x / 2^exponent</c>, halves away from zero; <paramref name="exponent"/> in 0..31.</summary>
    public static int RoundingDivideByPowerOfTwo(int x, int exponent)
    {
        int mask = (int)((1L << exponent) - 1);
        int remainder = x & mask;
        int threshold = (mask >> 1) + (x < 0 ? 1 : 0);
        return (x >> exponent) + (remainder > threshold ? 1 : 0);
    }

    /// <summary><c>x · multiplier · 2^(shift−31)</c> with two roundings (TensorFlow Lite <c>MultiplyByQuantizedMultiplier</c>).</summary>
    public static int Requantize(int x, Requantization by) => Requantize(x, by.Multiplier, by.Shift);

    /// <inheritdoc cref="Requantize(int, Requantization)"/>
    public static int Requantize(int x, int multiplier, int shift)
    {
        int left = Math.Max(shift, 0);
        int right = Math.Max(-shift, 0);
        return RoundingDivideByPowerOfTwo(SaturatingRoundingDoublingHighMul(unchecked(x << left), multiplier), right);
    }

    /// <summary><c>x · 2^exponent</c>, saturated to int32; <paramref name="exponent"/> positive.</summary>
    public static int SaturatingShiftLeft(int x, int exponent) =>
        (int)Math.Clamp((long)x << exponent, int.MinValue, int.MaxValue);

    /// <summary><c>(x + half) >> shift</c>, halves up; the alignment of a LoRA side path (generator/DESIGN.md section 5).</summary>
    public static int RoundingShiftRight(int x, int shift) => shift == 0 ? x : (int)(((long)x + (1L << (shift - 1))) >> shift);

    /// <summary>Quantises a real value: half away from zero, clamped to int8 (TensorFlow Lite <c>AffineQuantize</c>).</summary>
    public static sbyte Quantize(float value, float scale, int zeroPoint) => Saturate(value / scale, zeroPoint);

    /// <summary>The same in double precision, for tables that the compiler computes.</summary>
    public static sbyte Quantize(double value, float scale, int zeroPoint) => Saturate(value / scale, zeroPoint);

    private static sbyte Saturate(double scaled, int zeroPoint) =>
        (sbyte)Math.Clamp(Math.Round(scaled, MidpointRounding.AwayFromZero) + zeroPoint, sbyte.MinValue, sbyte.MaxValue);
}

/// <summary>A real multiplier as 31-bit mantissa and exponent; a positive shift is to the left.</summary>
public readonly record struct Requantization(int Multiplier, int Shift);
