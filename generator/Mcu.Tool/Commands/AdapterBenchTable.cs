using System.Globalization;
using Mcu.Emulation.Benchmarks;

namespace Mcu.Tool.Commands;

/// <summary>Rows of adapters as text cells; the base first, all others over it.</summary>
internal static class AdapterBenchTable
{
    private static readonly string[] Header =
        ["model", "target", "adapter", "layers", "flash", "code", "arena", "stack", "MACs", "instructions", "over base"];

    public static BenchTable Of(IReadOnlyList<AdapterBenchRow> rows) => new(Header, [.. rows.Select(r => Cells(r, rows.First(b => b.Model == r.Model && b.Target == r.Target)))]) { TextColumns = 4 };

    private static string[] Cells(AdapterBenchRow row, AdapterBenchRow alone) => row.Adapter.Length == 0
        ? [row.Model, row.Target, "(base)", "", "", "", "", "", "", Number(row.Instructions), ""]
        :
        [
            row.Model, row.Target, row.Adapter, row.Form, Over(row.FlashBytes), Over(row.CodeBytes), Over(row.ArenaBytes), Over(row.StackBytes), Over(row.ExtraMacs),
            Number(row.Instructions), Share(row.ExtraInstructions, alone.Instructions),
        ];

    private static string Over(long value) => value.ToString("+#,0;-#,0;0", CultureInfo.InvariantCulture);

    private static string Share(long? extra, long? of) =>
        extra is { } count && of is > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Over(count)} ({100.0 * count / of:+0.0;-0.0;0.0} %)") : "";

    private static string Number(long? value) => value is { } number ? Measurements.Number(number) : "";
}
