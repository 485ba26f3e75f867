using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>Cuts a NumPy array into samples of a network's input.</summary>
internal static class NumpySamples
{
    /// <summary>
    /// The samples of an array shaped <c>[N, …input]</c>, <c>[…input]</c> (one sample), the same without the input's batch
    /// dimension of 1, or <c>[N, elements]</c>.
    /// </summary>
    public static IReadOnlyList<TensorValue> Split(NumpyArray array, Shape input, DataType type, string path)
    {
        if (!Fits(array.Shape, input))
        {
            throw new DiagnosticException("MCU0127", $"The array '{Names.Short(array.Name)}' has shape {array.Shape}; expected is {input}, or that behind a dimension of samples.", path);
        }

        int elements = checked((int)input.Elements);
        Array values = Convert(array, type, path);
        List<TensorValue> samples = [];
        for (int start = 0; start < values.Length; start += elements)
        {
            TensorValue sample = TensorValue.Create(type, input);
            Array.Copy(values, start, sample.Elements, 0, elements);
            samples.Add(sample);
        }

        return samples;
    }

    private static bool Fits(Shape array, Shape input)
    {
        ReadOnlySpan<int> dims = array.Dims.Span;
        ReadOnlySpan<int> sample = input.Dims.Span;
        bool whole = dims.SequenceEqual(sample) || (dims.Length > 0 && dims[1..].SequenceEqual(sample));
        bool withoutBatch = sample.Length > 1 && sample[0] == 1
            && (dims.SequenceEqual(sample[1..]) || (dims.Length > 0 && dims[1..].SequenceEqual(sample[1..])));
        bool flat = dims.Length == 2 && dims[1] == input.Elements;
        return whole || withoutBatch || flat;
    }

    /// <summary>The elements in the network's type: float64 is rounded to float32, whole numbers must fit.</summary>
    private static Array Convert(NumpyArray array, DataType type, string path)
    {
        if (type == DataType.Float32)
        {
            return array.Data switch
            {
                float[] floats => floats,
                double[] doubles => Array.ConvertAll(doubles, d => (float)d),
                _ => throw WrongType(array, type, path, "Give the file's --data-scale and --data-zero-point, or save real values as float32."),
            };
        }

        if (array.Data is float[] or double[])
        {
            throw WrongType(array, type, path, "Quantise the samples with the input's scale and zero point, or save them as integers.");
        }

        long[] values = Integers(array);
        (long min, long max) = type switch
        {
            DataType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
            DataType.Int16 => (short.MinValue, short.MaxValue),
            DataType.Int32 => (int.MinValue, int.MaxValue),
            _ => (long.MinValue, long.MaxValue),
        };
        if (Array.FindIndex(values, v => v < min || v > max) is int bad and >= 0)
        {
            throw WrongType(array, type, path, $"Element {bad} is {values[bad]}, outside {min} to {max}.");
        }

        return type switch
        {
            DataType.Int8 => Array.ConvertAll(values, v => (sbyte)v),
            DataType.Int16 => Array.ConvertAll(values, v => (short)v),
            DataType.Int32 => Array.ConvertAll(values, v => (int)v),
            _ => values,
        };
    }

    /// <summary>Chosen by the declared type: the runtime lets a byte[] pass for an sbyte[].</summary>
    private static long[] Integers(NumpyArray array) => array.Type switch
    {
        NumpyType.Int8 => Array.ConvertAll((sbyte[])array.Data, v => (long)v),
        NumpyType.UInt8 => Array.ConvertAll((byte[])array.Data, v => (long)v),
        NumpyType.Int16 => Array.ConvertAll((short[])array.Data, v => (long)v),
        NumpyType.Int32 => Array.ConvertAll((int[])array.Data, v => (long)v),
        _ => (long[])array.Data,
    };

    private static DiagnosticException WrongType(NumpyArray array, DataType type, string path, string hint) =>
        new("MCU0127", $"The array '{Names.Short(array.Name)}' holds {array.Type} values; the network's input is {type}.", path, hint);
}
