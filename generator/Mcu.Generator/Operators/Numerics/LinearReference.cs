using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>
/// Int8 reference of one output position: the patch holds <c>x − zx</c> (zero where padding lies) in weight order.
/// </summary>
public static class LinearReference
{
    /// <summary>All outputs of a position whose outputs each read the whole patch (convolution without groups, fully connected).</summary>
    public static void Run(LinearLayer layer, ReadOnlySpan<int> patch, Span<sbyte> outputs)
    {
        var terms = new List<(SidePath Side, int[] Projected)>();
        foreach (SidePath side in layer.Terms)
        {
            terms.Add((side, Project(side, patch)));
        }

        ReadOnlySpan<sbyte> weights = layer.Weights.Span;
        for (int o = 0; o < outputs.Length; o++)
        {
            int accumulator = layer.Bias[o] + Dot(weights.Slice(o * patch.Length, patch.Length), patch);
            foreach ((SidePath side, int[] projected) in terms)
            {
                accumulator += Expand(side, projected, o);
            }

            if (layer.Corrections is not null)
            {
                accumulator += Correct(layer.Corrections, patch, o);
            }

            outputs[o] = layer.Finish(accumulator, o);
        }
    }

    /// <summary><c>sum w·x</c>.</summary>
    public static int Dot(ReadOnlySpan<sbyte> weights, ReadOnlySpan<int> patch)
    {
        int sum = 0;
        for (int k = 0; k < patch.Length; k++)
        {
            sum += weights[k] * patch[k];
        }

        return sum;
    }

    private static int[] Project(SidePath side, ReadOnlySpan<int> patch)
    {
        var projected = new int[side.Rank];
        ReadOnlySpan<sbyte> a = side.A.Span;
        for (int r = 0; r < side.Rank; r++)
        {
            int sum = side.OffsetOf(r) + Dot(a.Slice(r * patch.Length, patch.Length), patch);
            projected[r] = Math.Clamp(FixedPoint.Requantize(sum, side.Multipliers[r], side.Shifts[r]), short.MinValue, short.MaxValue);
        }

        return projected;
    }

    private static int Expand(SidePath side, int[] projected, int output)
    {
        int sum = 0;
        for (int r = 0; r < projected.Length; r++)
        {
            sum += side.B[(output * side.Rank) + r] * projected[r];
        }

        return FixedPoint.RoundingShiftRight(sum, side.OutputShifts[output]);
    }

    private static int Correct(SparseCorrection corrections, ReadOnlySpan<int> patch, int output)
    {
        int sum = 0;
        for (int i = corrections.RowStarts[output]; i < corrections.RowStarts[output + 1]; i++)
        {
            sum += corrections.Differences[i] * patch[corrections.Columns[i]];
        }

        return sum;
    }
}
