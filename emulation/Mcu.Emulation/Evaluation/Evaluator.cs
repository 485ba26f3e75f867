using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Emulation.Evaluation;

/// <summary>Accuracy of a classifier on labelled samples.</summary>
/// <param name="Accuracy">Share of right predictions, 0 to 1.</param>
/// <param name="Predictions">Index of the largest output per sample, the first of equals.</param>
public sealed record Evaluation(double Accuracy, EquatableArray<int> Predictions, RunMeasurements Run);

/// <summary>Runs labelled samples and counts right predictions.</summary>
public static class Evaluator
{
    public static async Task<Evaluation> RunAsync(IModelRunner runner, ReadOnlyMemory<byte> samples, IReadOnlyList<int> labels, int adapterIndex, CancellationToken cancellation)
    {
        RunMeasurements run = await runner.RunAsync(samples, adapterIndex, cancellation);
        int size = SampleBytes.Of(runner.Output);
        var predictions = new int[run.Samples];
        int right = 0;
        for (int i = 0; i < predictions.Length; i++)
        {
            predictions[i] = LargestIndex(SampleBytes.ToValue(run.Outputs.AsSpan(i * size, size), runner.Output));
            right += predictions[i] == labels[i] ? 1 : 0;
        }

        return new Evaluation(predictions.Length == 0 ? 0 : (double)right / predictions.Length, predictions.ToEquatableArray(), run);
    }

    /// <summary>
    /// Samples in the network's own input type: int8 data is dequantised for a float network and requantised for an int8 one
    /// unless its parameters are the network's.
    /// </summary>
    /// <param name="data">Parameters of int8 data; null when the samples are in the network's type already.</param>
    public static byte[] Convert(IEnumerable<TensorValue> samples, Quantization? data, Tensor input)
    {
        if (data is null || (input.Type == DataType.Int8 && input.Quantization is { } own && own.Scale == data.Scale && own.ZeroPoint == data.ZeroPoint))
        {
            return SampleBytes.Join(samples);
        }

        return SampleBytes.Join(samples.Select(s => ConvertOne(s, data, input)));
    }

    private static TensorValue ConvertOne(TensorValue sample, Quantization data, Tensor input)
    {
        float[] real = [.. sample.Int8.Select(v => data.Scale * (v - data.ZeroPoint))];
        return input.Type == DataType.Float32
            ? new TensorValue(input.Shape, real)
            : new TensorValue(input.Shape, [.. real.Select(v => FixedPoint.Quantize(v, input.Quantization!.Scale, input.Quantization.ZeroPoint))]);
    }

    private static int LargestIndex(TensorValue output)
    {
        int best = 0;
        for (int i = 1; i < output.Shape.Elements; i++)
        {
            bool larger = output.Type == DataType.Float32 ? output.Floats[i] > output.Floats[best] : output.Int8[i] > output.Int8[best];
            best = larger ? i : best;
        }

        return best;
    }
}
