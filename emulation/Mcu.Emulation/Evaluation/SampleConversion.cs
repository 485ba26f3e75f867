using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Verification;

namespace Mcu.Emulation.Evaluation;

/// <summary>
/// Between the numbers in a user's file and those of the network that runs: a float network that was quantised is fed and
/// read in real numbers, as the model given is.
/// </summary>
public static class SampleConversion
{
    /// <summary>
    /// Samples in the type of <paramref name="input"/>: int8 data is dequantised for a float input and requantised for an
    /// int8 one unless its parameters are the input's own; real numbers are quantised for an int8 input.
    /// </summary>
    /// <param name="data">Parameters of int8 data; null when it has the input's own.</param>
    public static byte[] ToInput(IEnumerable<TensorValue> samples, Quantization? data, Tensor input) =>
        SampleBytes.Join(samples.Select(sample => ToInput(sample, data, input)));

    /// <summary>Outputs in the type of <paramref name="wanted"/>: int8 becomes real numbers where that is a float tensor.</summary>
    public static byte[] FromOutput(byte[] outputs, Tensor output, Tensor wanted)
    {
        if (output.Type == wanted.Type)
        {
            return outputs;
        }

        var values = new TensorValue(new Shape(outputs.Length), Array.ConvertAll(outputs, b => (sbyte)b));
        return SampleBytes.FromValue(new TensorValue(values.Shape, Int8Samples.Dequantize(values, output)));
    }

    private static TensorValue ToInput(TensorValue sample, Quantization? data, Tensor input)
    {
        bool same = sample.Type == input.Type
            && (data is null || (input.Quantization is { } own && own.Scale == data.Scale && own.ZeroPoint == data.ZeroPoint));
        if (same)
        {
            return sample;
        }

        float[] real = sample.Type == DataType.Float32
            ? sample.Floats
            : Int8Samples.Dequantize(sample, input with { Quantization = data ?? throw new InvalidOperationException("int8 samples of a float input without parameters") });
        var value = new TensorValue(input.Shape, real);
        return input.Type == DataType.Float32 ? value : Int8Samples.Quantize(value, input);
    }
}
