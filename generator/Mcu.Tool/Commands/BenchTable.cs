using System.Globalization;
using System.Text;
using Mcu.Emulation.Benchmarks;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary>Rows of a benchmark as text cells; the baseline's columns only where some row has one.</summary>
internal sealed record BenchTable(string[] Header, IReadOnlyList<string[]> Rows)
{
    /// <summary>Leading columns that hold text; the others are numbers.</summary>
    public int TextColumns { get; init; } = 2;

    private static readonly string[] Own =
        ["model", "target", "instructions", "per MAC", "arena", "stack", "code", "weights", "MACs"];

    private static readonly string[] Others = ["baseline instr.", "ratio", "baseline arena", "baseline code"];

    public static BenchTable Of(IReadOnlyList<BenchRow> rows)
    {
        bool compared = rows.Any(row => row.Baseline is not null);
        return new BenchTable(
            compared ? [.. Own, .. Others] : Own,
            [.. rows.Select(row => compared ? (string[])[.. Cells(row), .. BaselineCells(row)] : Cells(row))]);
    }

    public Table Console()
    {
        Table table = Tables.Create(Header).Right([.. Enumerable.Range(TextColumns, Header.Length - TextColumns)]);
        foreach (string[] row in Rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        return table;
    }

    public string Markdown()
    {
        var text = new StringBuilder();
        Line(text, Header);
        Line(text, [.. Header.Select((_, i) => i < TextColumns ? "---" : "---:")]);
        foreach (string[] row in Rows)
        {
            Line(text, row);
        }

        return text.ToString();
    }

    private static void Line(StringBuilder text, string[] cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");

    private static string[] Cells(BenchRow row) =>
    [
        row.Model,
        row.Target,
        Number(row.Instructions),
        row.InstructionsPerMac?.ToString("F3", CultureInfo.InvariantCulture) ?? "",
        Number(row.ArenaBytes),
        Number(row.StackBytes),
        Number(row.CodeBytes),
        Number(row.WeightBytes),
        Number(row.Macs),
    ];

    private static string[] BaselineCells(BenchRow row) =>
    [
        Number(row.Baseline?.Instructions),
        row.InstructionsToBaseline?.ToString("F3", CultureInfo.InvariantCulture) ?? "",
        Number(row.Baseline?.ArenaBytes),
        Number(row.Baseline?.CodeBytes),
    ];

    private static string Number(long? value) => value is { } number ? Measurements.Number(number) : "";
}
