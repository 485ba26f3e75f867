using System.Buffers.Binary;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>
/// Reads safetensors files: 8 bytes of header length (little-endian), a JSON header, then the tensors' bytes. Strict where
/// the format is: no overlap, no gap, no duplicate key; and stricter where a network needs it: no NaN, no infinity.
/// </summary>
public static class SafetensorsReader
{
    /// <summary>Largest file accepted, in bytes: far above any delta for a microcontroller.</summary>
    public const long MaxBytes = 256L * 1024 * 1024;

    private const int LengthBytes = 8;

    /// <summary>Every tensor in the order of its bytes. Throws MCU0401 and MCU0403 to MCU0416.</summary>
    public static IReadOnlyList<SafetensorsTensor> ReadFile(string path) =>
        Read(BoundedFile.Read(path, MaxBytes, "MCU0401"), path);

    /// <inheritdoc cref="ReadFile"/>
    /// <param name="file">The whole file.</param>
    /// <param name="location">The file's name for messages.</param>
    public static IReadOnlyList<SafetensorsTensor> Read(ReadOnlyMemory<byte> file, string location)
    {
        if (file.Length < LengthBytes)
        {
            throw new DiagnosticException("MCU0410", $"The file has {file.Length} bytes and no safetensors header; it is cut off or another format.", location);
        }

        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        if (headerLength > SafetensorsHeader.MaxBytes || headerLength > (ulong)(file.Length - LengthBytes))
        {
            throw new DiagnosticException("MCU0410", $"The header's length {headerLength} is beyond the file's {file.Length} bytes or the limit of {SafetensorsHeader.MaxBytes}; the file is cut off or another format.", location);
        }

        ReadOnlyMemory<byte> buffer = file[(LengthBytes + (int)headerLength)..];
        IReadOnlyList<SafetensorsEntry> entries = new SafetensorsHeader(location).Read(file.Slice(LengthBytes, (int)headerLength), buffer.Length);
        return [.. entries.Select(e => Tensor(e, buffer.Span[(int)e.Begin..(int)e.End], location))];
    }

    internal static SafetensorsTensor Tensor(SafetensorsEntry entry, ReadOnlySpan<byte> bytes, string location)
    {
        TensorData data = entry.Type switch
        {
            SafetensorsType.I8 => new Int8Data(EquatableArray.Wrap(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, sbyte>(bytes).ToArray())),
            SafetensorsType.I32 => new Int32Data(EquatableArray.Wrap(Elements(bytes, 4, BinaryPrimitives.ReadInt32LittleEndian))),
            SafetensorsType.I64 => new Int64Data(EquatableArray.Wrap(Elements(bytes, 8, BinaryPrimitives.ReadInt64LittleEndian))),
            SafetensorsType.F32 => new FloatData(EquatableArray.Wrap(Elements(bytes, 4, BinaryPrimitives.ReadSingleLittleEndian))),
            SafetensorsType.F16 => new FloatData(EquatableArray.Wrap(Elements(bytes, 2, b => (float)BinaryPrimitives.ReadHalfLittleEndian(b)))),
            _ => new FloatData(EquatableArray.Wrap(Elements(bytes, 2, BrainFloat))),
        };
        if (data is FloatData floats)
        {
            CheckFinite(floats, $"{location}: tensor '{Names.Short(entry.Name)}'");
        }

        return new SafetensorsTensor(entry.Name, entry.Type, entry.Shape, data);
    }

    private static T[] Elements<T>(ReadOnlySpan<byte> bytes, int size, ElementReader<T> read)
    {
        var result = new T[bytes.Length / size];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = read(bytes.Slice(i * size, size));
        }

        return result;
    }

    /// <summary>bfloat16 is the upper half of a float32.</summary>
    private static float BrainFloat(ReadOnlySpan<byte> bytes) =>
        BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16);

    private static void CheckFinite(FloatData data, string location)
    {
        ReadOnlySpan<float> values = data.Values.Span;
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new DiagnosticException("MCU0416", $"Element {i} is {(float.IsNaN(values[i]) ? "NaN" : "infinite")}.", location, "Repair the training run or save with a wider type.");
            }
        }
    }

    private delegate T ElementReader<T>(ReadOnlySpan<byte> bytes);
}
