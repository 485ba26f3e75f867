using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Calibration;

/// <summary>
/// Gamma of a layer normalisation in int16 and beta in int32 at gamma's scale · 2^-q, both free of the activations' scales
/// (generator/DESIGN.md, "Int8 transformer operators").
/// </summary>
public static class NormalizationQuantizer
{
    private const double SmallestScale = 1e-30;

    /// <summary>Gamma's scale: as small as the largest gamma and the bound on beta allow.</summary>
    /// <param name="gamma"><c>[K]</c>, real.</param>
    /// <param name="beta"><c>[K]</c>, real; empty for none.</param>
    public static float Scale(ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta)
    {
        double forBeta = Math.ScaleB(Largest(beta), FractionOf(gamma)) / LayerNormalizationLayer.LargestBeta;
        double wanted = Math.Max(Largest(gamma) / short.MaxValue, forBeta * 1.000001);
        return wanted > SmallestScale ? (float)wanted : 1f / short.MaxValue;
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

    private static double Largest(ReadOnlySpan<float> values)
    {
        double largest = 0;
        foreach (float value in values)
        {
            largest = Math.Max(largest, Math.Abs((double)value));
        }

        return largest;
    }
}
