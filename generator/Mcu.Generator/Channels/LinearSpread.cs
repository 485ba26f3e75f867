using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Channels;

/// <summary>The way back from <see cref="LinearSlice"/>: a changed slice in its place in the base's layer, which computes the same.</summary>
internal static class LinearSpread
{
    /// <summary>Outputs of a layer with weights <c>[taps, outputs]</c>.</summary>
    public static LinearLayer Depthwise(LinearLayer slice, LinearLayer whole, EquatableArray<int> outputs)
    {
        sbyte[] weights = [.. whole.Weights];
        int taps = weights.Length / whole.OutputChannels;
        for (int i = 0; i < slice.Weights.Length; i++)
        {
            weights[(i / outputs.Length * whole.OutputChannels) + outputs[i % outputs.Length]] = slice.Weights[i];
        }

        return Outputs(slice, whole, outputs) with
        {
            Weights = EquatableArray.Wrap(weights),
            Corrections = slice.Corrections is { } sparse ? Differences(sparse, whole.OutputChannels, outputs, [.. Enumerable.Range(0, taps)]) : null,
        };
    }

    /// <summary>
    /// Outputs and columns of a layer with weights <c>[outputs, columns]</c>. Columns that the slice lacks have the base's weights, and the biases lose what these give.
    /// </summary>
    /// <param name="channels">Input channels of the slice.</param>
    /// <param name="constants">Bytes of the whole input's channels.</param>
    public static LinearLayer Matrix(LinearLayer slice, LinearLayer whole, EquatableArray<int> outputs, EquatableArray<int> channels, sbyte?[] constants)
    {
        int depth = whole.Weights.Length / whole.OutputChannels;
        bool[] stays = [.. constants.Select((_, c) => channels.Contains(c))];
        int[] columns = [.. Enumerable.Range(0, depth).Where(k => stays[k % constants.Length])];
        int[] gone = [.. Enumerable.Range(0, depth).Where(k => !stays[k % constants.Length] && constants[k % constants.Length] is not null)];
        LinearLayer spread = Outputs(slice, whole, outputs);
        sbyte[] weights = [.. whole.Weights];
        int[] bias = [.. spread.Bias];
        for (int o = 0; o < outputs.Length; o++)
        {
            int row = outputs[o] * depth;
            for (int k = 0; k < columns.Length; k++)
            {
                weights[row + columns[k]] = slice.Weights[(o * columns.Length) + k];
            }

            bias[outputs[o]] -= gone.Sum(k => weights[row + k] * (constants[k % constants.Length]!.Value - whole.InputZeroPoint));
        }

        SidePath Spread(SidePath term) => term with
        {
            A = Scattered(term.A, term.Rank, columns, depth),
            B = Rows(term.B, term.Rank, outputs, whole.OutputChannels),
            OutputShifts = Rows(term.OutputShifts, 1, outputs, whole.OutputChannels),
        };

        return spread with
        {
            Weights = EquatableArray.Wrap(weights),
            Bias = EquatableArray.Wrap(bias),
            Side = slice.Side is null ? null : Spread(slice.Side),
            FurtherSides = slice.FurtherSides.Select(Spread).ToEquatableArray(),
            Corrections = slice.Corrections is { } sparse ? Differences(sparse, whole.OutputChannels, outputs, columns) : null,
        };
    }

    private static LinearLayer Outputs(LinearLayer slice, LinearLayer whole, EquatableArray<int> outputs) => whole with
    {
        WeightScales = Replaced(whole.WeightScales, slice.WeightScales, outputs),
        Bias = Replaced(whole.Bias, slice.Bias, outputs),
        Multipliers = Replaced(whole.Multipliers, slice.Multipliers, outputs),
        Shifts = Replaced(whole.Shifts, slice.Shifts, outputs),
    };

    private static EquatableArray<T> Replaced<T>(EquatableArray<T> all, EquatableArray<T> some, EquatableArray<int> places)
    {
        T[] values = all.ToArray();
        for (int i = 0; i < places.Length; i++)
        {
            values[places[i]] = some[i];
        }

        return EquatableArray.Wrap(values);
    }

    private static EquatableArray<sbyte> Scattered(EquatableArray<sbyte> matrix, int rows, int[] columns, int depth)
    {
        var values = new sbyte[rows * depth];
        for (int i = 0; i < matrix.Length; i++)
        {
            values[(i / columns.Length * depth) + columns[i % columns.Length]] = matrix[i];
        }

        return EquatableArray.Wrap(values);
    }

    /// <summary>Rows of <paramref name="width"/> in their places among rows of zeros.</summary>
    private static EquatableArray<T> Rows<T>(EquatableArray<T> rows, int width, EquatableArray<int> places, int count)
        where T : struct
    {
        var values = new T[count * width];
        for (int i = 0; i < places.Length; i++)
        {
            rows.Span.Slice(i * width, width).CopyTo(values.AsSpan(places[i] * width));
        }

        return EquatableArray.Wrap(values);
    }

    private static SparseCorrection Differences(SparseCorrection sparse, int count, EquatableArray<int> outputs, int[] columns)
    {
        var starts = new int[count + 1];
        for (int i = 0; i < outputs.Length; i++)
        {
            starts[outputs[i] + 1] = sparse.RowStarts[i + 1] - sparse.RowStarts[i];
        }

        for (int o = 0; o < count; o++)
        {
            starts[o + 1] += starts[o];
        }

        return sparse with { RowStarts = EquatableArray.Wrap(starts), Columns = sparse.Columns.Select(k => columns[k]).ToEquatableArray() };
    }
}
