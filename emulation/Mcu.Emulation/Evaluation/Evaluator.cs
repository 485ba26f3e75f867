using System.Globalization;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Emulation.Evaluation;

/// <summary>Accuracy of a classifier on labelled samples.</summary>
/// <param name="Correct">Right predictions.</param>
/// <param name="Predictions">Index of the largest output per sample, the first of equals.</param>
public sealed record Evaluation(int Correct, EquatableArray<int> Predictions, RunMeasurements Run)
{
    /// <summary>Share of right predictions, 0 to 1.</summary>
    public double Accuracy => Predictions.Length == 0 ? 0 : (double)Correct / Predictions.Length;
}

/// <summary>Runs labelled samples and counts right predictions.</summary>
public static class Evaluator
{
    /// <summary>
    /// Runs every sample. MCU0131 when there are not as many labels as samples, MCU0132 for a label that is no index of the
    /// network's output.
    /// </summary>
    /// <param name="samples">Back to back, in the type of the runner's input.</param>
    public static async Task<Evaluation> RunAsync(
        IModelRunner runner, ReadOnlyMemory<byte> samples, IReadOnlyList<int> labels, int adapterIndex, CancellationToken cancellation)
    {
        CheckLabels(labels, samples.Length / SampleBytes.Of(runner.Input), runner.Output.Shape.Elements);
        RunMeasurements run = await runner.RunAsync(samples, adapterIndex, cancellation);
        int[] predictions = Predictions(run.Outputs, runner.Output);
        int correct = predictions.Zip(labels).Count(pair => pair.First == pair.Second);
        return new Evaluation(correct, predictions.ToEquatableArray(), run);
    }

    /// <summary>Index of the largest element of each output, the first of equals.</summary>
    public static int[] Predictions(byte[] outputs, Tensor output)
    {
        int size = SampleBytes.Of(output);
        return [.. Enumerable.Range(0, outputs.Length / size).Select(i => Classification.LargestIndex(SampleBytes.ToReal(outputs.AsSpan(i * size, size), output)))];
    }

    /// <summary>MCU0131 and MCU0132, as <see cref="RunAsync"/>.</summary>
    public static void CheckLabels(IReadOnlyList<int> labels, int samples, long classes)
    {
        if (labels.Count != samples)
        {
            throw new DiagnosticException(
                "MCU0131", string.Create(CultureInfo.InvariantCulture, $"There are {samples} samples and {labels.Count} labels."), "--labels", "Give one line per sample, in the same order.");
        }

        int wrong = labels.ToList().FindIndex(label => label >= classes);
        if (wrong >= 0)
        {
            throw new DiagnosticException(
                "MCU0132", string.Create(CultureInfo.InvariantCulture, $"Line {wrong + 1} has class {labels[wrong]}; the network tells {classes} classes apart."), "--labels", "Classes count from 0.");
        }
    }
}
