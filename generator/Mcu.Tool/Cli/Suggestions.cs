using System.CommandLine;

namespace Mcu.Tool.Cli;

/// <summary>Finds what a mistyped word was meant to be.</summary>
internal static class Suggestions
{
    private const int LongestWord = 64;

    /// <summary>Names of subcommands and options that <paramref name="word"/> nearly is, nearest first; at most three.</summary>
    public static IReadOnlyList<string> For(string word, Command command)
    {
        if (word.Length > LongestWord)
        {
            return [];
        }

        int limit = Math.Max(1, word.Length / 3);
        return
        [
            .. Names(command)
                .Where(name => name.StartsWith('-') == word.StartsWith('-'))
                .Select(name => (name, distance: Distance(word, name)))
                .Where(pair => pair.distance <= limit || (word.Length > 2 && pair.name.StartsWith(word, StringComparison.Ordinal)))
                .OrderBy(pair => pair.distance)
                .ThenBy(pair => pair.name, StringComparer.Ordinal)
                .Take(3)
                .Select(pair => pair.name),
        ];
    }

    /// <summary>Subcommands and options that may stand after the command.</summary>
    internal static IEnumerable<string> Names(Command command)
    {
        IEnumerable<Option> inherited = command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive);
        return command.Subcommands.Select(sub => sub.Name)
            .Concat(command.Options.Concat(inherited).Select(option => option.Name))
            .Distinct(StringComparer.Ordinal);
    }

    /// <summary>Edits (insert, delete, replace, swap of neighbours) between two words.</summary>
    internal static int Distance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                table[i, j] = i == 0 || j == 0 ? i + j : Cell(table, a, b, i, j);
            }
        }

        return table[a.Length, b.Length];
    }

    private static int Cell(int[,] table, string a, string b, int i, int j)
    {
        int replace = table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
        int best = Math.Min(replace, 1 + Math.Min(table[i - 1, j], table[i, j - 1]));
        bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
        return swapped ? Math.Min(best, table[i - 2, j - 2] + 1) : best;
    }
}
