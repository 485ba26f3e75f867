using System.Globalization;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>How far a sparse merge at the base's scales is from a merge with scales of its own.</summary>
public static class MergeComparison
{
    private const int ProbeRows = 64;

    /// <summary>
    /// How the outputs of two forms of one layer differ on random int8 inputs: the share that differs by one step, and by
    /// more.
    /// </summary>
    public static (double ByOne, double ByMore) Of(LinearLayer a, LinearLayer b, int depth)
    {
        var random = new Random(1);
        var patch = new int[depth];
        var left = new sbyte[a.OutputChannels];
        var right = new sbyte[a.OutputChannels];
        (int one, int more) = (0, 0);
        for (int row = 0; row < ProbeRows; row++)
        {
            for (int k = 0; k < depth; k++)
            {
                patch[k] = random.Next(sbyte.MinValue, sbyte.MaxValue + 1) - a.InputZeroPoint;
            }

            LinearReference.Run(a, patch, left);
            LinearReference.Run(b, patch, right);
            for (int o = 0; o < left.Length; o++)
            {
                int difference = Math.Abs(left[o] - right[o]);
                one += difference == 1 ? 1 : 0;
                more += difference > 1 ? 1 : 0;
            }
        }

        double total = ProbeRows * left.Length;
        return (one / total, more / total);
    }

    /// <summary>The comparison as a sentence of the report.</summary>
    public static string Describe(LinearLayer copy, LinearLayer sparse, SparseChange change, int depth, bool outputsInnermost)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{change.Corrections.Columns.Length} weights changed at the base's scales, {change.Dropped} changes rounded away, {change.Saturated} ended at the range");
        if (outputsInnermost)
        {
            return text;
        }

        (double one, double more) = Of(copy, sparse, depth);
        return string.Create(CultureInfo.InvariantCulture, $"{text}; against a merge with new scales {one:P1} of random outputs differ by 1, {more:P1} by more");
    }
}
