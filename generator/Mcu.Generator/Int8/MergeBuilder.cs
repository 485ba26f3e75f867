using System.Globalization;
using Mcu.Generator.Calibration;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>Merges low-rank factors into an int8 layer's weights: as a copy under new scales, or as a sparse difference at the old ones.</summary>
public static class MergeBuilder
{
    private const int ProbeRows = 64;

    /// <summary>
    /// The layer at the base's scales, with the weights that change as corrections. A weight beyond the old range
    /// saturates.
    /// </summary>
    /// <param name="bias">Another real bias, or null for the base's.</param>
    public static LinearLayer Sparse(LinearSource source, float[] merged, float[]? bias)
    {
        sbyte[] quantised = WeightQuantizer.Weights(merged, source.Layer.WeightScales.Span, source.OutputsInnermost);
        var rows = new List<int> { 0 };
        var columns = new List<int>();
        var differences = new List<short>();
        for (int o = 0; o < source.Outputs; o++)
        {
            for (int k = 0; k < source.Depth; k++)
            {
                int i = source.OutputsInnermost ? (k * source.Outputs) + o : (o * source.Depth) + k;
                if (quantised[i] != source.Layer.Weights[i])
                {
                    columns.Add(k);
                    differences.Add((short)(quantised[i] - source.Layer.Weights[i]));
                }
            }

            rows.Add(columns.Count);
        }

        return (bias is null ? source.Layer : source.WithBias(bias)) with
        {
            Corrections = new SparseCorrection(rows.ToEquatableArray(), columns.ToEquatableArray(), differences.ToEquatableArray()),
        };
    }

    /// <summary>
    /// How the outputs of two forms of one layer differ on random int8 inputs: the share that differs by one step, and by
    /// more.
    /// </summary>
    public static (double ByOne, double ByMore) Compare(LinearLayer a, LinearLayer b, int depth)
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
    public static string Describe(LinearLayer copy, LinearLayer sparse, int depth)
    {
        (double one, double more) = Compare(copy, sparse, depth);
        return string.Create(CultureInfo.InvariantCulture, $"{sparse.Corrections!.Columns.Length} weights changed at the base's scales; against a merge with new scales {one:P1} of random outputs differ by 1, {more:P1} by more");
    }
}
