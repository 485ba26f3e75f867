using System.Text.RegularExpressions;

namespace Mcu.Tests.Structure;

/// <summary>docs/DIAGNOSTICS.md lists exactly the codes that the sources can print.</summary>
public sealed partial class DiagnosticTableTests
{
    [Fact]
    public void Every_code_of_the_sources_stands_in_the_table_and_no_other()
    {
        Assert.Equal(SourceCodes(), TableCodes().Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public void The_table_is_sorted_without_repetition()
    {
        string[] codes = TableCodes();

        Assert.Equal(codes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), codes);
    }

    private static string[] TableCodes() =>
        [.. Row().Matches(File.ReadAllText(TestData.Repo("docs/DIAGNOSTICS.md"))).Select(m => m.Groups[1].Value)];

    private static IEnumerable<string> SourceCodes()
    {
        IEnumerable<string> sources = ((string[])["generator", "emulation"])
            .SelectMany(folder => Directory.EnumerateFiles(TestData.Repo(folder), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Append(TestData.Repo("mcu"));
        return sources.SelectMany(File.ReadLines)
            .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))
            .SelectMany(line => Code().Matches(line).Select(m => m.Value))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }

    [GeneratedRegex("MCU[0-9]{4}")]
    private static partial Regex Code();

    [GeneratedRegex(@"^\| (MCU[0-9]{4}) \| [^|]+ \| [^|]+ \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
