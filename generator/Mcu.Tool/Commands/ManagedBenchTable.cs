using System.Globalization;
using Mcu.Emulation.Benchmarks;

namespace Mcu.Tool.Commands;

/// <summary>Layers of the managed form beside plain loops as text cells, the total last; executed IL instructions.</summary>
internal static class ManagedBenchTable
{
    private static readonly string[] Header = ["model", "layer", "MACs", "plain loops", "speed", "gain", "ram", "gain"];

    public static BenchTable Of(IReadOnlyList<ManagedBenchRow> rows) => new(Header, [.. rows.SelectMany(Lines)]) { TextColumns = 2 };

    private static IEnumerable<string[]> Lines(ManagedBenchRow row) =>
        row.Layers.Select((layer, i) => Line(row, string.Create(CultureInfo.InvariantCulture, $"{i} {layer.Kernel}"), layer))
            .Append(Line(row, "total", row.Total))
            .Concat(row.Nanoclr is { } times ? [Times(row, times)] : []);

    private static string[] Times(ManagedBenchRow row, ManagedBenchTimes times) =>
    [
        row.Model, "\u00b5s on nanoclr", "", Measurements.Number((long)times.Plain),
        Measurements.Number((long)times.Speed), Gain(times.SpeedGain), Measurements.Number((long)times.Ram), Gain(times.RamGain),
    ];

    private static string[] Line(ManagedBenchRow row, string name, ManagedBenchLayer layer) =>
    [
        row.Model, name, Measurements.Number(layer.Macs), Measurements.Number(layer.Plain),
        Measurements.Number(layer.Speed), Gain(layer.SpeedGain), Measurements.Number(layer.Ram), Gain(layer.RamGain),
    ];

    private static string Gain(double gain) => gain.ToString("F2", CultureInfo.InvariantCulture);
}
