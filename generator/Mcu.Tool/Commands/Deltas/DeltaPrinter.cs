using System.Globalization;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands.Deltas;

/// <summary>Images for people.</summary>
internal static class DeltaPrinter
{
    public static void Print(IAnsiConsole console, DeltaSummary delta)
    {
        console.WriteLine($"{Printable.Text(delta.File)}: {Measurements.Number(delta.Bytes)} bytes, {delta.Layers.Count} of {delta.LayersOfAbi} layers changed");
        console.WriteLine($"id {delta.Id}, version {delta.Version}, security counter {delta.SecurityCounter}, {delta.SelfTests.Count} self-tests");
        console.WriteLine($"base {delta.Base}, abi {delta.Abi}");
        console.WriteLine($"sha256 of the body {delta.Sha256}");
        console.WriteLine(delta.Signature is { } signature ? $"signed with {signature.Algorithm}, kid {signature.Kid} ({signature.Bytes} bytes; not verified here)" : "not signed");
        foreach (string parent in delta.Parents)
        {
            console.WriteLine($"composed from {parent}");
        }

        Table table = Tables.Create("layer", "name", "sections", "rank", "changes", "bytes").Right(0, 3, 4, 5);
        foreach (DeltaLayerSummary layer in delta.Layers)
        {
            table.AddRow(
                layer.Index.ToString(CultureInfo.InvariantCulture),
                Markup.Escape(Printable.Text(layer.Name ?? "")),
                string.Join(", ", layer.Sections),
                string.Join(", ", layer.Ranks),
                layer.Changes == 0 ? "" : Measurements.Number(layer.Changes),
                Measurements.Number(layer.Bytes));
        }

        console.Write(table);
    }

    /// <summary>The summary of a file that was just written, and where it is.</summary>
    public static void Written(CommandContext context, byte[] file, DeltaInterface? shape, string path)
    {
        DeltaSummary summary = DeltaSummary.Of(DeltaFile.Parse(file, Path.GetFileName(path)), shape);
        context.Result(summary, console =>
        {
            Print(console, summary);
            console.WriteLine($"written to {path}");
        });
    }
}
