using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>Quantises low-rank factors as a side path of an int8 layer (generator/DESIGN.md section 5).</summary>
public static class SidePathBuilder
{
    /// <summary>Up to here a sum of int8 times int16 products stays below 2^30, which the kernels rely on.</summary>
    public const int LargestRank = 256;

    private const int LargestWeight = 127;
    private const int LargestShift = 31;

    /// <summary>A little above 1, so that the quotient of scales lies below 1 and its shift is to the right.</summary>
    private const double ScaledDown = 1.0001;

    /// <param name="source">The layer beside which the path runs.</param>
    /// <param name="a"><c>[rank, depth]</c>, real.</param>
    /// <param name="b"><c>[outputs, rank]</c>, real, with the adapter's scale folded in.</param>
    /// <returns>Null where the adapter's change is so much larger than the weights' scale that B does not fit int8, or the rank is above <see cref="LargestRank"/>.</returns>
    public static SidePath? Build(LinearSource source, float[] a, float[] b, int rank)
    {
        if (rank > LargestRank)
        {
            return null;
        }

        var aScales = new float[rank];
        var quantisedA = new sbyte[a.Length];
        for (int r = 0; r < rank; r++)
        {
            aScales[r] = ScaleOf(a.AsSpan(r * source.Depth, source.Depth));
            Quantize(a.AsSpan(r * source.Depth, source.Depth), aScales[r], quantisedA.AsSpan(r * source.Depth, source.Depth));
        }

        double projectedScale = ProjectedScale(source, quantisedA, aScales);
        (int[] multipliers, int[] shifts) = Requantizations(source, aScales, projectedScale);
        if (QuantizeB(source, b, rank, projectedScale) is not var (quantisedB, outputShifts))
        {
            return null;
        }

        return new SidePath(
            rank,
            EquatableArray.Wrap(quantisedA),
            EquatableArray.Wrap(multipliers),
            EquatableArray.Wrap(shifts),
            EquatableArray.Wrap(quantisedB),
            EquatableArray.Wrap(outputShifts));
    }

    private static float ScaleOf(ReadOnlySpan<float> row)
    {
        float largest = 0;
        foreach (float value in row)
        {
            largest = Math.Max(largest, MathF.Abs(value));
        }

        return largest > 1e-30f ? largest / LargestWeight : 1f / LargestWeight;
    }

    private static void Quantize(ReadOnlySpan<float> row, double scale, Span<sbyte> quantised)
    {
        for (int k = 0; k < row.Length; k++)
        {
            quantised[k] = (sbyte)Math.Clamp(Math.Round(row[k] / scale), -LargestWeight, LargestWeight);
        }
    }

    /// <summary>
    /// Scale of <c>u</c>: the largest projection that any int8 input can give is 32767, or less where a row of one weight would have to be
    /// scaled up, which the delta format has no shift for.
    /// </summary>
    private static double ProjectedScale(LinearSource source, sbyte[] a, float[] aScales)
    {
        double largest = aScales.Max() * (double)source.Layer.InputScale * short.MaxValue * ScaledDown;
        for (int r = 0; r < aScales.Length; r++)
        {
            long sum = 0;
            foreach (sbyte value in a.AsSpan(r * source.Depth, source.Depth))
            {
                int low = value * (sbyte.MinValue - source.Layer.InputZeroPoint);
                int high = value * (sbyte.MaxValue - source.Layer.InputZeroPoint);
                sum += Math.Max(Math.Abs(low), Math.Abs(high));
            }

            largest = Math.Max(largest, sum * (double)aScales[r] * source.Layer.InputScale);
        }

        return largest / short.MaxValue;
    }

    private static (int[] Multipliers, int[] Shifts) Requantizations(LinearSource source, float[] aScales, double projectedScale)
    {
        var multipliers = new int[aScales.Length];
        var shifts = new int[aScales.Length];
        for (int r = 0; r < aScales.Length; r++)
        {
            (multipliers[r], shifts[r]) = FixedPoint.QuantizeMultiplier(source.Layer.InputScale * (double)aScales[r] / projectedScale);
        }

        return (multipliers, shifts);
    }

    /// <summary>
    /// Per output the largest shift that keeps B in int8: B's scale is then the accumulator's scale times 2^-shift over the
    /// projection's scale. Null where even a shift of 0 does not.
    /// </summary>
    private static (sbyte[] B, int[] Shifts)? QuantizeB(LinearSource source, float[] b, int rank, double projectedScale)
    {
        var quantised = new sbyte[b.Length];
        var shifts = new int[source.Outputs];
        for (int o = 0; o < source.Outputs; o++)
        {
            Span<float> row = b.AsSpan(o * rank, rank);
            double accumulatorScale = (double)source.Layer.InputScale * source.Layer.WeightScales[o];
            double largest = 0;
            foreach (float value in row)
            {
                largest = Math.Max(largest, Math.Abs(value) * projectedScale / accumulatorScale);
            }

            if (Math.Round(largest) > LargestWeight)
            {
                return null;
            }

            int shift = largest > 0 ? (int)Math.Floor(Math.Log2(LargestWeight / largest)) : 0;
            shifts[o] = Math.Clamp(shift, 0, LargestShift);
            Quantize(row, Math.ScaleB(accumulatorScale, -shifts[o]) / projectedScale, quantised.AsSpan(o * rank, rank));
        }

        return (quantised, shifts);
    }
}
