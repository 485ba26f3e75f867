using Mcu.Generator.Graphs;
using Mcu.Generator.Selection;

namespace Mcu.Emulation.Evaluation;

/// <summary>One selection on data.</summary>
/// <param name="Bytes">Size of the unsigned image; 0 for the base alone.</param>
/// <param name="Weights">Changed weights.</param>
/// <param name="Biases">Layers with another bias.</param>
/// <param name="Accuracy">Share of right predictions; null without labels.</param>
/// <param name="Agreement">Share of predictions that are those of the whole delta; null without data.</param>
/// <param name="IsChosen">Whether this is the selection that the budget asks for.</param>
public sealed record SelectionPoint(int Bytes, int Weights, int Biases, double? Accuracy, double? Agreement, bool IsChosen);

/// <summary>Accuracy against bytes: the base, selections of several sizes, and the whole delta.</summary>
public static class SelectionCurve
{
    /// <summary>Parts of the way from the chosen selection to the whole, each about as much larger than the one before.</summary>
    private const int Steps = 6;

    /// <param name="samples">Int8 samples back to back in the base's input; empty for none.</param>
    /// <param name="labels">Class per sample; null for none.</param>
    public static async Task<IReadOnlyList<SelectionPoint>> MeasureAsync(
        SelectionInput input, DeltaSelector selector, SelectedDelta chosen, ReadOnlyMemory<byte> samples, IReadOnlyList<int>? labels, Action<string> stage, CancellationToken cancellation)
    {
        SelectedDelta whole = selector.All();
        SelectedDelta[] selections = [.. Budgets(chosen.Bytes, whole.Bytes).Select(selector.Select).Append(chosen).Append(whole).DistinctBy(s => s.Bytes).OrderBy(s => s.Bytes)];
        int[]? goal = samples.IsEmpty ? null : await PredictAsync(input, whole, samples, cancellation);
        var points = new List<SelectionPoint>();
        foreach (SelectedDelta? selection in selections.Prepend(null))
        {
            stage($"curve: {points.Count + 1} of {selections.Length + 1}");
            int[]? predictions = goal is null ? null : await PredictAsync(input, selection, samples, cancellation);
            points.Add(new SelectionPoint(
                selection?.Bytes ?? 0,
                selection?.Weights ?? 0,
                selection?.Biases ?? 0,
                predictions is null || labels is null ? null : Share(predictions, labels),
                predictions is null ? null : Share(predictions, goal!),
                selection?.Bytes == chosen.Bytes));
        }

        return points;
    }

    /// <summary>Between the chosen size and the whole; a budget is never below the chosen one, which is known to hold something.</summary>
    private static IEnumerable<int> Budgets(int chosen, int whole)
    {
        for (int step = 1; step < Steps; step++)
        {
            yield return (int)(chosen * Math.Pow((double)whole / chosen, (double)step / Steps));
        }
    }

    private static async Task<int[]> PredictAsync(SelectionInput input, SelectedDelta? selection, ReadOnlyMemory<byte> samples, CancellationToken cancellation)
    {
        var runner = new ReferenceRunner(selection is null ? input.Abi.Model : input.With(selection));
        RunMeasurements run = await runner.RunAsync(samples, selection is null ? 0 : 1, cancellation);
        return Evaluator.Predictions(run.Outputs, runner.Output);
    }

    private static double Share(int[] predictions, IReadOnlyList<int> expected) =>
        (double)predictions.Zip(expected).Count(p => p.First == p.Second) / Math.Max(1, predictions.Length);
}
