using System.Globalization;
using Mcu.Emulation.Running;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Managed.NanoClr;

/// <summary>Reads what the host program printed.</summary>
internal static class NanoClrOutput
{
    /// <summary>The runs, or what stood in their way (MCU1522, MCU1523, MCU1525, MCU1530, MCU1531).</summary>
    public static NanoClrRun[][] Read(ProcessOutcome outcome, NanoClrTools tools, int networks, int samples, int outputLength)
    {
        string[] lines = [.. outcome.StandardOutput.Split('\n').Select(l => l.TrimEnd('\r'))];
        if (lines.Contains(NanoClrSources.End, StringComparer.Ordinal))
        {
            return Results(lines, tools, networks, samples, outputLength);
        }

        if (Array.Find(lines, l => l.StartsWith(NanoClrSources.Refused + " ", StringComparison.Ordinal)) is { } refused
            && refused.Split(' ') is [_, var image, var reason]
            && int.TryParse(image, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && int.TryParse(reason, NumberStyles.None, CultureInfo.InvariantCulture, out int why))
        {
            throw DeltaRefusals.Managed(number, why, "nanoclr");
        }

        throw lines.Contains(NanoClrSources.OutOfMemory, StringComparer.Ordinal)
            ? new DiagnosticException("MCU1525", "The interpreter's managed heap is too small for the network.", tools.Interpreter, "Use --optimize ram, a smaller network, or --lang c.")
            : outcome.ExitCode != 0 && !lines.Contains(NanoClrSources.Failed, StringComparer.Ordinal)
            ? new DiagnosticException(
                "MCU1522", $"The interpreter crashed (exit code {outcome.ExitCode}): {LastLine(outcome)}", tools.Interpreter, "Start it by hand with a small program; interpreter and core library must be of one version.")
            : NoMarker(outcome, tools);
    }

    /// <summary>What a program said last: what it found invalid, else an error, else anything.</summary>
    public static string LastLine(ProcessOutcome outcome)
    {
        string text = outcome.StandardError.Trim().Length > 0 ? outcome.StandardError : outcome.StandardOutput;
        string[] lines = [.. text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0)];
        string? last(string word) => Array.FindLast(lines, l => l.Contains(word, StringComparison.Ordinal));
        string line = last("nvalid") ?? last("rror") ?? lines.LastOrDefault() ?? "it printed nothing";
        return line.Length > 300 ? line[..300] : line;
    }

    private static DiagnosticException NoMarker(ProcessOutcome outcome, NanoClrTools tools) => new(
        "MCU1523", $"The interpreter ended without results: {LastLine(outcome)}", tools.Interpreter,
        "Use mscorlib.pe of nanoFramework.CoreLibrary 1.17 with the interpreter of its version; native checksums must match.");

    private static NanoClrRun[][] Results(string[] lines, NanoClrTools tools, int networks, int samples, int outputLength)
    {
        var runs = new NanoClrRun?[samples, networks];
        foreach (string line in lines.Where(l => l.StartsWith(NanoClrSources.Result + " ", StringComparison.Ordinal)))
        {
            string[] words = line.Split(' ');
            if (words.Length == 5
                && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int network) && network < networks
                && int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out int sample) && sample < samples
                && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out long ticks)
                && words[4].Length == 2 * outputLength && words[4].All(char.IsAsciiHexDigit))
            {
                runs[sample, network] = new NanoClrRun(Convert.FromHexString(words[4]), TimeSpan.FromTicks(ticks));
            }
        }

        return [.. Enumerable.Range(0, samples).Select(s => Enumerable.Range(0, networks)
            .Select(n => runs[s, n] ?? throw new DiagnosticException("MCU1523", $"The interpreter printed no result for sample {s}.", tools.Interpreter, "Its output must be the program's console, unchanged."))
            .ToArray())];
    }
}
