using Mcu.Generator.Calibration;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>New real weights as a sparse difference of an int8 layer's weights, at the base's scales.</summary>
public static class MergeBuilder
{
    /// <summary>
    /// The weights of the base's scales that change, by output and column. A weight beyond the old range saturates; one that
    /// changes by less than half a step is dropped.
    /// </summary>
    /// <param name="merged">New real weights in the node's layout.</param>
    public static SparseChange Sparse(LinearSource source, float[] merged)
    {
        sbyte[] quantised = WeightQuantizer.Weights(merged, source.Layer.WeightScales.Span, source.OutputsInnermost);
        var rows = new List<int> { 0 };
        var columns = new List<int>();
        var differences = new List<short>();
        (int dropped, int saturated) = (0, 0);
        for (int o = 0; o < source.Outputs; o++)
        {
            for (int k = 0; k < source.Depth; k++)
            {
                int i = source.OutputsInnermost ? (k * source.Outputs) + o : (o * source.Depth) + k;
                short difference = (short)(quantised[i] - source.Layer.Weights[i]);
                dropped += difference == 0 && merged[i] != source.Weights[i] ? 1 : 0;
                saturated += Math.Abs(merged[i]) > (WeightQuantizer.LargestWeight + 0.5) * source.Layer.WeightScales[o] ? 1 : 0;
                if (difference != 0)
                {
                    columns.Add(k);
                    differences.Add(difference);
                }
            }

            rows.Add(columns.Count);
        }

        return new SparseChange(new SparseCorrection(rows.ToEquatableArray(), columns.ToEquatableArray(), differences.ToEquatableArray()), dropped, saturated);
    }
}

/// <summary>Weights that change at the base's scales.</summary>
/// <param name="Dropped">Weights whose change rounds away.</param>
/// <param name="Saturated">Weights that end at the base's range.</param>
public sealed record SparseChange(SparseCorrection Corrections, int Dropped, int Saturated);
