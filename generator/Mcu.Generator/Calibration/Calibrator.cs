using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Calibration;

/// <summary>Runs the float reference over calibration samples and chooses a range for every activation.</summary>
public static class Calibrator
{
    /// <summary>An activation beyond this is no measurement of a working network, and its products leave the range of floats.</summary>
    private const float LargestActivation = 1e18f;

    /// <param name="graph">Canonical float graph with one input.</param>
    /// <param name="samples">Samples in the graph's input type and layout; at least one (MCU0712).</param>
    /// <returns>A range per activation name.</returns>
    public static IReadOnlyDictionary<string, ActivationRange> Run(Graph graph, IReadOnlyList<TensorValue> samples, CalibrationMethod method, IProgress<double>? progress, CancellationToken cancellation)
    {
        if (samples.Count == 0)
        {
            throw new DiagnosticException("MCU0712", "The calibration data holds no sample.", graph.Source.FileName, "Give at least one sample; 100 or more are usual.");
        }

        Dictionary<string, (float Min, float Max)> extremes = Extremes(graph, samples, progress, cancellation);
        Dictionary<string, Histogram> histograms = extremes.ToDictionary(e => e.Key, e => new Histogram(e.Value.Min, e.Value.Max), StringComparer.Ordinal);
        if (method != CalibrationMethod.MinMax)
        {
            for (int i = 0; i < samples.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                foreach ((string name, TensorValue value) in Activations(graph, samples[i]))
                {
                    histograms[name].Add(value.Floats);
                }

                progress?.Report(0.5 + (0.5 * (i + 1) / samples.Count));
            }
        }

        return histograms.ToDictionary(h => h.Key, h => RangeChooser.Choose(method, h.Value), StringComparer.Ordinal);
    }

    private static Dictionary<string, (float Min, float Max)> Extremes(Graph graph, IReadOnlyList<TensorValue> samples, IProgress<double>? progress, CancellationToken cancellation)
    {
        var extremes = new Dictionary<string, (float Min, float Max)>(StringComparer.Ordinal);
        for (int i = 0; i < samples.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach ((string name, TensorValue value) in Activations(graph, samples[i]))
            {
                float min = value.Floats.Min();
                float max = value.Floats.Max();
                if (!float.IsFinite(min) || !float.IsFinite(max))
                {
                    throw new DiagnosticException("MCU0713", $"Calibration sample {i} gives NaN or infinity in '{name}'.", graph.Source.FileName, "Check the calibration data's type and scale.");
                }

                if (Math.Max(-min, max) > LargestActivation)
                {
                    throw new DiagnosticException("MCU0741", $"Calibration sample {i} drives '{name}' to {Math.Max(-min, max):G3}.", graph.Source.FileName, "Check the calibration data's type and scale.");
                }

                extremes[name] = extremes.TryGetValue(name, out (float Min, float Max) e) ? (Math.Min(e.Min, min), Math.Max(e.Max, max)) : (min, max);
            }

            progress?.Report(0.5 * (i + 1) / samples.Count);
        }

        return extremes;
    }

    private static IEnumerable<KeyValuePair<string, TensorValue>> Activations(Graph graph, TensorValue sample)
    {
        var inputs = new Dictionary<string, TensorValue>(StringComparer.Ordinal) { [graph.Inputs[0]] = sample };
        return FloatReference.Run(graph, inputs).Where(v => !graph[v.Key].IsConstant);
    }
}
