using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Calibration;

/// <summary>
/// Gamma of a layer normalisation in int16 and beta in int32 at gamma's scale · 2^-q, both free of the activations' scales
/// (generator/DESIGN.md, "Int8 transformer operators").
/// </summary>
public static class NormalizationQuantizer
{
    private const double SmallestScale = 1e-30;

    /// <summary>For the rounding of a scale to a float.</summary>
    private const double Margin = 1.000001;

    /// <summary>Largest <c>gamma·h + beta</c> in tables made from real numbers, less what their rounding adds: the kernels' fast path ends there.</summary>
    private const double Room = LinearLowering.FastLimit - NormLowering.LargestNormal;

    /// <summary>
    /// Gamma's scale: one at which the accumulator takes half of its room. Tables of up to twice the size fit it too, so an adapter's
    /// usually share it.
    /// </summary>
    /// <param name="gamma"><c>[K]</c>, real.</param>
    /// <param name="beta"><c>[K]</c>, real; empty for none.</param>
    public static float Scale(ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta)
    {
        double wanted = 2 * SmallestFor(gamma, beta);
        return wanted > SmallestScale ? (float)wanted : 1f / short.MaxValue;
    }

    /// <summary>The smallest scale at which the tables fit: gamma an int16, beta its bound, the accumulator the fast path.</summary>
    public static double SmallestFor(ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta)
    {
        int fraction = FractionOf(gamma);
        double smallest = 0;
        for (int i = 0; i < gamma.Length; i++)
        {
            double factor = Math.Abs((double)gamma[i]);
            double start = beta.IsEmpty ? 0 : Math.ScaleB(Math.Abs((double)beta[i]), fraction);
            smallest = Math.Max(smallest, Math.Max(((NormLowering.LargestNormal * factor) + start) / Room, start / LayerNormalizationLayer.LargestBeta));
        }

        return smallest * Margin;
    }

    public static short[] Gamma(ReadOnlySpan<float> gamma, float scale)
    {
        var values = new short[gamma.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (short)Math.Clamp(Math.Round((double)gamma[i] / scale), -short.MaxValue, short.MaxValue);
        }

        return values;
    }

    /// <param name="betaScale">Gamma's scale · 2^-q.</param>
    public static int[] Beta(ReadOnlySpan<float> beta, float betaScale)
    {
        var values = new int[beta.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (int)Math.Round((double)beta[i] / betaScale);
        }

        return values;
    }

    /// <summary>q of rows as long as gamma.</summary>
    public static int FractionOf(ReadOnlySpan<float> gamma) => LayerNormalizationLayer.FractionBitsOf(Math.Min(gamma.Length, ushort.MaxValue));
}
