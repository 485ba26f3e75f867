using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>
/// Constants of an int8 layer normalisation over rows of n values (generator/DESIGN.md, "Int8 transformer operators"):
/// <c>y = clamp(requant(gamma·h + beta) + zy)</c> with <c>h = 2^q·(n·x − S)/sqrt(n·Q − S² + n²·epsilon/sx²)</c>, S and Q the sums of x
/// and x². The input's zero point cancels.
/// </summary>
/// <param name="Epsilon"><c>n²·epsilon/sx²·2^14</c>, rounded, 1 to 2^61.</param>
/// <param name="FractionBits">q, the largest with <c>n·4^q ≤ 2^30</c>: then |h| ≤ 2^15 + 1.</param>
/// <param name="Gamma">Per value of a row.</param>
/// <param name="Beta">Per value of a row, at gamma's scale · 2^-q; at most <see cref="LargestBeta"/> in magnitude.</param>
/// <param name="By">Requantisation of the output.</param>
public sealed record LayerNormalizationLayer(
    long Epsilon, int FractionBits, EquatableArray<short> Gamma, EquatableArray<int> Beta, Requantization By, int OutputZeroPoint) : Int8Layer
{
    /// <summary>Bound on beta: with gamma·h below 2^30 the accumulator stays below 2^31.</summary>
    public const int LargestBeta = 1 << 29;

    /// <summary>Bits after the point of the variance; even, as the root has half as many.</summary>
    public const int VarianceFraction = 14;

    /// <summary>q of rows of <paramref name="depth"/> values (below 2^16).</summary>
    public static int FractionBitsOf(int depth)
    {
        int q = 15;
        while (((long)depth << (2 * q)) > 1L << 30)
        {
            q--;
        }

        return q;
    }

    /// <summary>One row; x and y may be the same memory.</summary>
    public void Run(ReadOnlySpan<sbyte> x, Span<sbyte> y)
    {
        int n = x.Length;
        int sum = 0;
        int squares = 0;
        foreach (sbyte value in x)
        {
            sum += value;
            squares += value * value;
        }

        long variance = ((long)n * squares) - ((long)sum * sum);
        (int multiplier, int shift) = InverseSquareRoot.Of((ulong)((variance << VarianceFraction) + Epsilon));
        shift += FractionBits + (VarianceFraction / 2) - 30;
        for (int i = 0; i < n; i++)
        {
            int normal = FixedPoint.Requantize((x[i] * n) - sum, multiplier, shift);
            int value = FixedPoint.Requantize((Gamma[i] * normal) + Beta[i], By) + OutputZeroPoint;
            y[i] = (sbyte)Math.Clamp(value, sbyte.MinValue, sbyte.MaxValue);
        }
    }
}
