using System.Globalization;
using System.Text;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Comparison;

/// <summary>One figure of two builds.</summary>
/// <param name="Before">Null where it was not measured.</param>
public sealed record ComparedFigure(string Name, long? Before, long? After)
{
    public long? Change => After - Before;

    /// <summary>Change in hundredths of the first; null from or to nothing.</summary>
    public double? Percent => Before is > 0 && Change is { } change ? 100.0 * change / Before : null;
}

/// <summary>Two compiled folders of one interface, built and run in the same place on the same inputs.</summary>
/// <param name="Place">As <c>--on</c> names it.</param>
/// <param name="DifferentSamples">Indices of samples whose output bytes differ.</param>
/// <param name="LargestDifference">Of two output bytes as int8.</param>
public sealed record BuildComparison(
    string Before, string After, string Place, IReadOnlyList<ComparedFigure> Figures, int Samples, IReadOnlyList<int> DifferentSamples, int LargestDifference)
{
    /// <summary>Whether nothing differs.</summary>
    public bool IsSame => DifferentSamples.Count == 0 && Figures.All(figure => figure.Change is null or 0);

    /// <summary>
    /// Builds and runs both; MCU1124 when their inputs or outputs have other sizes, and every diagnostic of building and running.
    /// </summary>
    public static async Task<BuildComparison> RunAsync(
        string before, string after, ExecutionPlace place, int samples, int adapterIndex, ToolProbe tools, CancellationToken cancellation)
    {
        using ModelSession first = ModelSession.OpenFolder(before, place, tools);
        using ModelSession second = ModelSession.OpenFolder(after, place, tools);
        int input = SampleBytes.Of(first.Runner.Input);
        int output = SampleBytes.Of(first.Runner.Output);
        if (input != SampleBytes.Of(second.Runner.Input) || output != SampleBytes.Of(second.Runner.Output))
        {
            throw new DiagnosticException("MCU1124", "The two networks have inputs or outputs of other sizes.", after, "Compare two builds of one network.");
        }

        byte[] inputs = GeneratedInput.Int8(samples, first.Runner.Input);
        RunMeasurements left = await first.Runner.RunAsync(inputs, adapterIndex, cancellation);
        RunMeasurements right = await second.Runner.RunAsync(inputs, adapterIndex, cancellation);
        int[] different = [.. Enumerable.Range(0, samples).Where(i => !left.Outputs.AsSpan(i * output, output).SequenceEqual(right.Outputs.AsSpan(i * output, output)))];
        int largest = left.Outputs.Zip(right.Outputs, (a, b) => Math.Abs((sbyte)a - (sbyte)b)).DefaultIfEmpty(0).Max();
        return new BuildComparison(before, after, place.ToString(), Figure(left, right), samples, different, largest);
    }

    /// <summary>Names of the figures that grew.</summary>
    public IReadOnlyList<string> Grown => [.. Figures.Where(figure => figure.Change is > 0).Select(figure => figure.Name)];

    /// <summary>A table for a pull request.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"| {Place} | before | after | change |\n|---|---:|---:|---:|\n");
        foreach (ComparedFigure figure in Figures)
        {
            text.Append("| ").AppendJoin(" | ", Cells(figure)).Append(" |\n");
        }

        return text.Append('\n').Append(OutputSentence()).Append('\n').ToString();
    }

    /// <summary>Name, before, after and change of a figure as text.</summary>
    public static IReadOnlyList<string> Cells(ComparedFigure figure)
    {
        ArgumentNullException.ThrowIfNull(figure);
        string percent = figure.Percent is { } p ? string.Create(CultureInfo.InvariantCulture, $" ({p:+0.0;-0.0;0.0} %)") : "";
        string change = figure.Change is { } c ? c == 0 ? "0" : string.Create(CultureInfo.InvariantCulture, $"{c:+#,0;-#,0}") + percent : "";
        return [figure.Name, Number(figure.Before), Number(figure.After), change];
    }

    /// <summary>One sentence on the outputs.</summary>
    public string OutputSentence() => DifferentSamples.Count == 0
        ? string.Create(CultureInfo.InvariantCulture, $"Outputs of {Samples} generated inputs are the same bytes.")
        : string.Create(
            CultureInfo.InvariantCulture,
            $"Outputs differ for {DifferentSamples.Count} of {Samples} generated inputs (first: {DifferentSamples[0]}), by {LargestDifference} steps at most.");

    private static ComparedFigure[] Figure(RunMeasurements left, RunMeasurements right) =>
    [
        new("instructions (median)", left.MedianInstructions, right.MedianInstructions),
        new("instructions (most)", left.MaxInstructions, right.MaxInstructions),
        new("stack bytes", left.StackBytes, right.StackBytes),
        new("arena bytes", left.ArenaBytes, right.ArenaBytes),
        new("RAM bytes", left.RamBytes, right.RamBytes),
        new("code bytes", left.CodeBytes, right.CodeBytes),
        new("weight bytes", left.WeightBytes, right.WeightBytes),
        new("adapter bytes", left.AdapterBytes, right.AdapterBytes),
    ];

    private static string Number(long? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "";
}
