using System.Globalization;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary>The figures of a run in words.</summary>
internal static class Measurements
{
    public static void Print(IAnsiConsole console, RunDocument run)
    {
        string adapter = run.Adapter is null ? "" : $" with adapter {run.AdapterIndex} '{run.Adapter}'";
        console.WriteLine($"{run.Model} on {run.On}{adapter}: {run.Samples} samples");
        Line(console, "instructions", run.Instructions.Median, run.Instructions.Max is { } max ? $" (median; max {Number(max)})" : "");
        Line(console, "microseconds", Whole(run.Microseconds.Median), run.Microseconds.Max is { } longest ? $" (median; max {Number((long)longest)})" : "");
        Line(console, "arena bytes", run.ArenaBytes);
        Line(console, "stack bytes", run.StackBytes);
        Line(console, "code bytes", run.CodeBytes);
        Line(console, "weight bytes", run.WeightBytes, run.AdapterBytes > 0 ? $" (and {Number(run.AdapterBytes.Value)} of adapters)" : "");
        Line(console, "ram bytes", run.RamBytes);
        foreach (string note in run.Notes)
        {
            console.WriteLine($"note: {note}");
        }
    }

    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static long? Whole(double? value) => value is { } number ? (long)number : null;

    private static void Line(IAnsiConsole console, string name, long? value, string more = "")
    {
        if (value is { } number)
        {
            console.WriteLine($"  {name,-14}{Number(number),14}{more}");
        }
    }
}
