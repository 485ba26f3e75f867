using Mcu.Generator.Ingest;

namespace Mcu.Generator.Adapters;

/// <summary>The layers that a user may have meant, the closest names first.</summary>
internal static class BindingCandidates
{
    private const int MaxListed = 6;
    private const int MaxCompared = 64;

    /// <summary>For example <c>'conv_2d_2.weight' (convolution 64x64x1x1), … and 4 more</c>.</summary>
    public static string List(string wanted, IReadOnlyCollection<BindingLayer> layers)
    {
        if (layers.Count == 0)
        {
            return "none";
        }

        IEnumerable<string> closest = layers
            .OrderBy(l => l.WeightNames.Append(l.Name).Min(n => Distance(wanted, n)))
            .Take(MaxListed)
            .Select(l => $"'{Names.Short(l.WeightNames.First())}' ({l.Describe()})");
        string more = layers.Count > MaxListed ? $" and {layers.Count - MaxListed} more" : "";
        return string.Join(", ", closest) + more;
    }

    /// <summary>Levenshtein distance of the names' first characters.</summary>
    internal static int Distance(string left, string right)
    {
        ReadOnlySpan<char> a = left.AsSpan(0, Math.Min(left.Length, MaxCompared));
        ReadOnlySpan<char> b = right.AsSpan(0, Math.Min(right.Length, MaxCompared));
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 0; i < a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i + 1;
            for (int j = 0; j < b.Length; j++)
            {
                int substituted = diagonal + (a[i] == b[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(substituted, Math.Min(row[j], diagonal) + 1);
            }
        }

        return row[^1];
    }
}
