using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Verification;

/// <summary>How close a quantised network's outputs are to its float form's.</summary>
/// <param name="Samples">Samples compared.</param>
/// <param name="Top1Agreement">Share of samples, 0 to 1, whose largest output is the same one (the first of equals).</param>
/// <param name="SignalToNoise">
/// Signal to quantisation noise of the outputs in dB, <c>10·log10(sum y² / sum (y − ŷ)²)</c> over all samples; positive infinity for
/// equal outputs.
/// </param>
public sealed record QuantizationQuality(int Samples, double Top1Agreement, double SignalToNoise)
{
    /// <summary>Runs both forms with their references on each sample.</summary>
    /// <param name="graph">Canonical float graph with one input and one output.</param>
    /// <param name="model">The int8 model made of it.</param>
    /// <param name="samples">Float samples of the graph's input.</param>
    /// <param name="adapterIndex">Adapter of the int8 model; the caller gives the float graph with that adapter merged in.</param>
    public static QuantizationQuality Measure(
        Graph graph, Int8Model model, IEnumerable<TensorValue> samples, int adapterIndex = 0, CancellationToken cancellation = default)
    {
        var outputs = new List<(float[] Real, float[] Quantised)>();
        foreach (TensorValue sample in samples)
        {
            cancellation.ThrowIfCancellationRequested();
            float[] real = FloatReference.Run(graph, new Dictionary<string, TensorValue>(StringComparer.Ordinal) { [graph.Inputs[0]] = sample })[graph.Outputs[0]].Floats;
            TensorValue output = Int8Reference.Run(model, Int8Samples.Quantize(sample, model.Graph[model.Graph.Inputs[0]]), adapterIndex);
            outputs.Add((real, Int8Samples.Dequantize(output, model.Graph[model.Graph.Outputs[0]])));
        }

        return Compare(outputs);
    }

    /// <summary>The figures of outputs that are at hand, one pair of equally long vectors per sample.</summary>
    public static QuantizationQuality Compare(IReadOnlyCollection<(float[] Real, float[] Quantised)> outputs)
    {
        int agreeing = 0;
        double signal = 0;
        double noise = 0;
        foreach ((float[] real, float[] quantised) in outputs)
        {
            agreeing += Classification.LargestIndex(real) == Classification.LargestIndex(quantised) ? 1 : 0;
            for (int i = 0; i < real.Length; i++)
            {
                double error = (double)real[i] - quantised[i];
                signal += (double)real[i] * real[i];
                noise += error * error;
            }
        }

        return new QuantizationQuality(
            outputs.Count,
            outputs.Count == 0 ? 0 : (double)agreeing / outputs.Count,
            noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise));
    }
}
