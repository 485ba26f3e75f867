using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>Differences by position, from and to the stream that <see cref="Int8.SparseStream"/> writes.</summary>
internal static class DeltaSparse
{
    /// <summary>Null where a position lies outside the layer or the sum for one weight does not fit int16.</summary>
    public static SparseCorrection? Read(ReadOnlySpan<byte> pairs, int outputs, int depth)
    {
        var sums = new SortedDictionary<int, int>();
        int position = 0;
        for (int i = 0; i < pairs.Length; i += 2)
        {
            position += pairs[i];
            if (position >= (long)outputs * depth)
            {
                return null;
            }

            sums[position] = sums.GetValueOrDefault(position) + (sbyte)pairs[i + 1];
        }

        return sums.Values.All(d => d is >= short.MinValue and <= short.MaxValue) ? Of(sums, outputs, depth) : null;
    }

    /// <summary>Differences by position; zeros are left out.</summary>
    public static SparseCorrection Of(IReadOnlyDictionary<int, int> sums, int outputs, int depth)
    {
        KeyValuePair<int, int>[] changes = [.. sums.Where(s => s.Value != 0).OrderBy(s => s.Key)];
        var rows = new int[outputs + 1];
        foreach ((int position, _) in changes)
        {
            rows[(position / depth) + 1]++;
        }

        for (int o = 0; o < outputs; o++)
        {
            rows[o + 1] += rows[o];
        }

        return new SparseCorrection(
            EquatableArray.Wrap(rows),
            changes.Select(c => c.Key % depth).ToEquatableArray(),
            changes.Select(c => checked((short)c.Value)).ToEquatableArray());
    }

    /// <summary>The inverse of <see cref="Of"/>.</summary>
    public static Dictionary<int, int> Positions(SparseCorrection sparse, int depth)
    {
        var sums = new Dictionary<int, int>();
        for (int o = 0; o + 1 < sparse.RowStarts.Length; o++)
        {
            for (int i = sparse.RowStarts[o]; i < sparse.RowStarts[o + 1]; i++)
            {
                sums[(o * depth) + sparse.Columns[i]] = sparse.Differences[i];
            }
        }

        return sums;
    }
}
