using System.Runtime.InteropServices;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>Decodes constant contents (little-endian, row-major) and converts reduced-precision constants to float.</summary>
internal static class TfliteConstants
{
    /// <summary>Bytes per element of a type this reader decodes, or 0.</summary>
    public static int SizeOf(int type) => type switch
    {
        TfliteSchema.Int8 => 1,
        TfliteSchema.Int16 or TfliteSchema.Float16 => 2,
        TfliteSchema.Float32 or TfliteSchema.Int32 => 4,
        TfliteSchema.Int64 => 8,
        _ => 0,
    };

    public static TensorData Decode(DataType type, ReadOnlySpan<byte> bytes) => type switch
    {
        DataType.Int8 => new Int8Data(Elements<sbyte>(bytes)),
        DataType.Int16 => new Int16Data(Elements<short>(bytes)),
        DataType.Int32 => new Int32Data(Elements<int>(bytes)),
        DataType.Int64 => new Int64Data(Elements<long>(bytes)),
        _ => new FloatData(Elements<float>(bytes)),
    };

    public static FloatData HalfToFloat(ReadOnlySpan<byte> bytes) =>
        new(Elements<Half>(bytes).Select(h => (float)h).ToEquatableArray());

    /// <summary><c>scale · (q − zeroPoint)</c> in single precision, as TensorFlow Lite's DEQUANTIZE computes it.</summary>
    public static FloatData Dequantize(Int8Data data, Shape shape, Quantization quantization)
    {
        int stride = 1;
        for (int axis = quantization.Axis + 1; quantization.IsPerChannel && axis < shape.Rank; axis++)
        {
            stride *= shape[axis];
        }

        int channels = quantization.Scales.Length;
        ReadOnlySpan<sbyte> values = data.Values.Span;
        var floats = new float[values.Length];
        for (int i = 0; i < floats.Length; i++)
        {
            int channel = channels == 1 ? 0 : i / stride % channels;
            floats[i] = quantization.Scales[channel] * (values[i] - quantization.ZeroPoints[channel]);
        }

        return new FloatData(EquatableArray.Wrap(floats));
    }

    private static EquatableArray<T> Elements<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged
    {
        T[] items = MemoryMarshal.Cast<byte, T>(bytes).ToArray();
        if (!BitConverter.IsLittleEndian)
        {
            // Reversing everything twice leaves the order of elements and turns the bytes of each.
            MemoryMarshal.AsBytes(items.AsSpan()).Reverse();
            Array.Reverse(items);
        }

        return EquatableArray.Wrap(items);
    }
}
