using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Channels;

/// <summary>Linear layers with some of their outputs and input channels.</summary>
internal static class LinearSlice
{
    /// <summary>Outputs of a layer with weights <c>[taps, outputs]</c>; each reads its own channel, which stays with it.</summary>
    public static LinearLayer Depthwise(LinearLayer layer, EquatableArray<int> outputs)
    {
        int taps = layer.Weights.Length / layer.OutputChannels;
        return Outputs(layer, outputs) with
        {
            Weights = Enumerable.Range(0, taps).SelectMany(t => outputs.Select(o => layer.Weights[(t * layer.OutputChannels) + o])).ToEquatableArray(),
            Corrections = layer.Corrections is { } sparse ? Differences(sparse, outputs, [.. Enumerable.Range(0, taps)]) : null,
        };
    }

    /// <summary>
    /// Outputs and columns of a layer with weights <c>[outputs, columns]</c>, where column k reads channel <c>k mod constants.Length</c>. What the
    /// other columns gave goes into the biases and into the sums of low-rank terms.
    /// </summary>
    /// <param name="channels">Input channels that stay.</param>
    /// <param name="constants">Bytes of the input's channels. Unknown ones among those that go meet no weight that counts.</param>
    public static LinearLayer Matrix(LinearLayer layer, EquatableArray<int> outputs, EquatableArray<int> channels, sbyte?[] constants)
    {
        int depth = layer.Weights.Length / layer.OutputChannels;
        bool[] stays = [.. constants.Select((_, c) => channels.Contains(c))];
        int[] columns = [.. Enumerable.Range(0, depth).Where(k => stays[k % constants.Length])];
        int[] gone = [.. Enumerable.Range(0, depth).Where(k => !stays[k % constants.Length] && constants[k % constants.Length] is not null)];
        var rows = new LinearRows(layer, outputsInnermost: false);

        int Gives(int column) => constants[column % constants.Length]!.Value - layer.InputZeroPoint;
        SidePath Slice(SidePath term) => term with
        {
            A = Enumerable.Range(0, term.Rank).SelectMany(r => columns.Select(k => term.A[(r * depth) + k])).ToEquatableArray(),
            B = outputs.SelectMany(o => Enumerable.Range(0, term.Rank).Select(r => term.B[(o * term.Rank) + r])).ToEquatableArray(),
            OutputShifts = outputs.Select(o => term.OutputShifts[o]).ToEquatableArray(),
            Offsets = OffsetsOf(Enumerable.Range(0, term.Rank).Select(r => term.OffsetOf(r) + gone.Sum(k => term.A[(r * depth) + k] * Gives(k)))),
        };

        return Outputs(layer, outputs) with
        {
            Weights = outputs.SelectMany(o => columns.Select(k => layer.Weights[(o * depth) + k])).ToEquatableArray(),
            Bias = outputs.Select(o => layer.Bias[o] + Sum(rows[o], gone, Gives)).ToEquatableArray(),
            Side = layer.Side is null ? null : Slice(layer.Side),
            FurtherSides = layer.FurtherSides.Select(Slice).ToEquatableArray(),
            Corrections = layer.Corrections is { } sparse ? Differences(sparse, outputs, columns) : null,
        };
    }

    private static int Sum(ReadOnlySpan<int> row, int[] columns, Func<int, int> gives)
    {
        int sum = 0;
        foreach (int k in columns)
        {
            sum += row[k] * gives(k);
        }

        return sum;
    }

    /// <summary>Empty where all are zero, so that a term that nothing was taken from is equal to itself.</summary>
    private static EquatableArray<int> OffsetsOf(IEnumerable<int> offsets)
    {
        EquatableArray<int> all = offsets.ToEquatableArray();
        return all.All(o => o == 0) ? [] : all;
    }

    private static LinearLayer Outputs(LinearLayer layer, EquatableArray<int> outputs) => layer with
    {
        WeightScales = outputs.Select(o => layer.WeightScales[o]).ToEquatableArray(),
        Bias = outputs.Select(o => layer.Bias[o]).ToEquatableArray(),
        Multipliers = outputs.Select(o => layer.Multipliers[o]).ToEquatableArray(),
        Shifts = outputs.Select(o => layer.Shifts[o]).ToEquatableArray(),
    };

    private static SparseCorrection Differences(SparseCorrection sparse, EquatableArray<int> outputs, int[] columns)
    {
        var place = columns.Select((k, i) => (k, i)).ToDictionary(pair => pair.k, pair => pair.i);
        var starts = new List<int> { 0 };
        var places = new List<int>();
        var differences = new List<short>();
        foreach (int o in outputs)
        {
            for (int i = sparse.RowStarts[o]; i < sparse.RowStarts[o + 1]; i++)
            {
                if (place.TryGetValue(sparse.Columns[i], out int column))
                {
                    places.Add(column);
                    differences.Add(sparse.Differences[i]);
                }
            }

            starts.Add(places.Count);
        }

        return new SparseCorrection(starts.ToEquatableArray(), places.ToEquatableArray(), differences.ToEquatableArray());
    }
}
