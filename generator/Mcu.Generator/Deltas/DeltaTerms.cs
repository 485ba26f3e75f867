using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>Numbers that follow from a low-rank term.</summary>
internal static class DeltaTerms
{
    /// <summary>Start values of A: <c>−zx·Σ A[r]</c>, so that A reads raw inputs, and what removed inputs gave.</summary>
    public static EquatableArray<int> Starts(SidePath term, DeltaLayerShape layer) =>
        Enumerable.Range(0, term.Rank).Select(r => unchecked(term.OffsetOf(r) - (layer.InputZeroPoint * Sum(term.A.Span.Slice(r * layer.Depth, layer.Depth))))).ToEquatableArray();

    /// <summary>Largest magnitude that a term adds to the accumulator of one output: shifted sum, and 1 for its rounding.</summary>
    public static long Largest(SidePath term, int output)
    {
        long sum = 0;
        for (int r = 0; r < term.Rank; r++)
        {
            sum += Math.Abs((int)term.B[(output * term.Rank) + r]) * 32768L;
        }

        return (sum >> term.OutputShifts[output]) + 1;
    }

    private static int Sum(ReadOnlySpan<sbyte> values)
    {
        int sum = 0;
        foreach (sbyte value in values)
        {
            sum += value;
        }

        return sum;
    }
}
