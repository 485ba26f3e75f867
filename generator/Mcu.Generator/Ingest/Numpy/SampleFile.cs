using System.Buffers.Binary;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>
/// Reads input samples for a network, in the type and layout of its input: <c>.npy</c>, <c>.npz</c>, or raw little-endian
/// values back to back in a file of any other ending.
/// </summary>
public static class SampleFile
{
    /// <summary>Largest raw file accepted, in bytes.</summary>
    public const long MaxBytes = NumpyReader.MaxBytes;

    /// <summary>Reads every sample. Throws MCU0120 to MCU0128 with the bytes or shapes expected.</summary>
    /// <param name="path">File; its ending decides the format.</param>
    /// <param name="inputShape">Shape of one sample, batch dimension (1) included where the network has one.</param>
    /// <param name="type">Element type of a sample: Float32, Int8, Int16 or Int32.</param>
    /// <param name="inputName">The network's input, to choose an array from an .npz with several.</param>
    public static IReadOnlyList<TensorValue> Read(string path, Shape inputShape, DataType type, string inputName)
    {
        bool numpy = Path.GetExtension(path).ToUpperInvariant() is ".NPY" or ".NPZ";
        IReadOnlyList<TensorValue> samples = numpy
            ? NumpySamples.Split(Choose(NumpyReader.Read(path), inputName, path), inputShape, type, path)
            : Raw(BoundedFile.Read(path, MaxBytes, "MCU0120"), inputShape, type, path);
        CheckFinite(samples, path);
        return samples;
    }

    private static NumpyArray Choose(IReadOnlyList<NumpyArray> arrays, string inputName, string path)
    {
        if (arrays.Count == 1)
        {
            return arrays[0];
        }

        return arrays.FirstOrDefault(a => a.Name == inputName)
            ?? throw new DiagnosticException("MCU0125", $"The archive holds {arrays.Count} arrays, none named like the network's input '{Names.Short(inputName)}': {Names.List([.. arrays.Select(a => a.Name)])}.", path, "Save one array, or name it like the input.");
    }

    private static List<TensorValue> Raw(byte[] file, Shape shape, DataType type, string path)
    {
        int elements = checked((int)shape.Elements);
        int size = SizeOf(type) * elements;
        if (file.Length == 0)
        {
            throw new DiagnosticException("MCU0126", $"The file has 0 bytes or is not a regular file; one sample: {type} {shape} is {size} bytes.", path, "Check that it was written completely.");
        }

        if (file.Length % size != 0)
        {
            throw new DiagnosticException("MCU0126", $"The file has {file.Length} bytes, which is not a multiple of one sample: {type} {shape} is {size} bytes.", path);
        }

        List<TensorValue> samples = [];
        for (int start = 0; start < file.Length; start += size)
        {
            samples.Add(RawSample(file.AsSpan(start, size), shape, type));
        }

        return samples;
    }

    private static TensorValue RawSample(ReadOnlySpan<byte> bytes, Shape shape, DataType type)
    {
        TensorValue value = TensorValue.Create(type, shape);
        int size = SizeOf(type);
        for (int i = 0; i < bytes.Length / size; i++)
        {
            ReadOnlySpan<byte> element = bytes.Slice(i * size, size);
            switch (type)
            {
                case DataType.Float32:
                    value.Floats[i] = BinaryPrimitives.ReadSingleLittleEndian(element);
                    break;
                case DataType.Int8:
                    value.Int8[i] = (sbyte)element[0];
                    break;
                case DataType.Int16:
                    value.Int16[i] = BinaryPrimitives.ReadInt16LittleEndian(element);
                    break;
                case DataType.Int32:
                    value.Int32[i] = BinaryPrimitives.ReadInt32LittleEndian(element);
                    break;
                default:
                    value.Int64[i] = BinaryPrimitives.ReadInt64LittleEndian(element);
                    break;
            }
        }

        return value;
    }

    private static int SizeOf(DataType type) => type switch
    {
        DataType.Int8 => 1,
        DataType.Int16 => 2,
        DataType.Int64 => 8,
        _ => 4,
    };

    private static void CheckFinite(IReadOnlyList<TensorValue> samples, string path)
    {
        for (int i = 0; i < samples.Count; i++)
        {
            if (samples[i].Type == DataType.Float32 && !Array.TrueForAll(samples[i].Floats, float.IsFinite))
            {
                throw new DiagnosticException("MCU0128", $"Sample {i} holds NaN or infinity.", path);
            }
        }
    }
}
