using System.Buffers.Binary;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>Decodes the file's constant tensors.</summary>
internal static class OnnxTensors
{
    public const int MaxRank = 8;

    // Element types of the specification.
    public const int Float = 1;
    public const int Int32 = 6;
    public const int Int64 = 7;
    public const int Bool = 9;
    public const int Float16 = 10;
    public const int Double = 11;
    public const int BFloat16 = 16;

    public static string TypeName(int type) => type switch
    {
        Float => "FLOAT",
        2 => "UINT8",
        3 => "INT8",
        4 => "UINT16",
        5 => "INT16",
        Int32 => "INT32",
        Int64 => "INT64",
        8 => "STRING",
        Bool => "BOOL",
        Float16 => "FLOAT16",
        Double => "DOUBLE",
        12 => "UINT32",
        13 => "UINT64",
        BFloat16 => "BFLOAT16",
        _ => $"type {type}",
    };

    /// <summary>Whether values of the type are read as Float32.</summary>
    public static bool IsFloat(int type) => type is Float or Float16 or Double or BFloat16;

    /// <summary>The constant under <paramref name="name"/>; Float16, BFloat16 and Double become Float32 with a note.</summary>
    public static Tensor Decode(TensorProto proto, string name, string fileName, DiagnosticBag notes)
    {
        string place = $"{fileName}: tensor '{name}'";
        RefuseExternal(proto, place);
        Shape shape = ShapeOf(proto, place);
        long count = shape.Elements;
        return proto.DataType switch
        {
            Float => Floats(name, shape, Elements(proto, proto.FloatData, 4, count, place, BinaryPrimitives.ReadSingleLittleEndian)),
            Double => Converted(name, shape, Array.ConvertAll(Elements(proto, proto.DoubleData, 8, count, place, BinaryPrimitives.ReadDoubleLittleEndian), d => (float)d), "DOUBLE", place, notes),
            Float16 => Converted(name, shape, Array.ConvertAll(Halves(proto, count, place), h => (float)BitConverter.UInt16BitsToHalf(h)), "FLOAT16", place, notes),
            BFloat16 => Converted(name, shape, Array.ConvertAll(Halves(proto, count, place), h => BitConverter.UInt32BitsToSingle((uint)h << 16)), "BFLOAT16", place, notes),
            Int64 => new Tensor(name, DataType.Int64, shape) { Data = new Int64Data(EquatableArray.Wrap(Elements(proto, proto.Int64Data, 8, count, place, BinaryPrimitives.ReadInt64LittleEndian))) },
            Int32 => new Tensor(name, DataType.Int32, shape) { Data = new Int32Data(EquatableArray.Wrap(Elements(proto, proto.Int32Data, 4, count, place, BinaryPrimitives.ReadInt32LittleEndian))) },
            Bool => new Tensor(name, DataType.Int32, shape) { Data = new Int32Data(EquatableArray.Wrap(Elements(proto, proto.Int32Data, 1, count, place, s => s[0]))) },
            _ => throw new DiagnosticException("MCU0313", $"Constants of element type {TypeName(proto.DataType)} are not supported.", place, "Export the model as float32."),
        };
    }

    /// <summary>The constant's integers, from Int64, Int32 or Bool.</summary>
    public static long[]? Integers(Tensor tensor) => tensor.Data switch
    {
        Int64Data d => d.Values.ToArray(),
        Int32Data d => Array.ConvertAll(d.Values.ToArray(), i => (long)i),
        _ => null,
    };

    private static Tensor Floats(string name, Shape shape, float[] values) =>
        new(name, DataType.Float32, shape) { Data = new FloatData(EquatableArray.Wrap(values)) };

    private static Tensor Converted(string name, Shape shape, float[] values, string type, string place, DiagnosticBag notes)
    {
        notes.Note("MCU0316", $"{type} values are read as FLOAT.", place);
        return Floats(name, shape, values);
    }

    private static void RefuseExternal(TensorProto proto, string place)
    {
        if (proto.ExternalData.Count > 0 || proto.DataLocation != 0)
        {
            throw new DiagnosticException("MCU0315", "The tensor's data lie in another file (external data).", place, "Save the model as one file.");
        }

        if (proto.HasSegment)
        {
            throw new DiagnosticException("MCU0315", "The tensor is stored in segments.", place, "Save the model as one file.");
        }
    }

    private static Shape ShapeOf(TensorProto proto, string place)
    {
        double product = 1;
        foreach (long dim in proto.Dims)
        {
            product *= dim;
            if (dim < 0 || product > GraphValidator.MaxElements || proto.Dims.Count > MaxRank)
            {
                throw new DiagnosticException(
                    "MCU0314",
                    $"The shape [{string.Join("x", proto.Dims.Take(MaxRank + 1))}] has a negative dimension, more than {MaxRank} dimensions or more than {GraphValidator.MaxElements} elements.",
                    place);
            }
        }

        return new Shape(proto.Dims.Select(d => (int)Math.Min(d, int.MaxValue)).ToEquatableArray());
    }

    private static ushort[] Halves(TensorProto proto, long count, string place)
    {
        if (proto.HasRawData)
        {
            return Raw(proto, 2, count, place, BinaryPrimitives.ReadUInt16LittleEndian);
        }

        return Array.ConvertAll(Elements(proto, proto.Int32Data, 2, count, place, s => 0), i => (ushort)i);
    }

    private delegate T ReadElement<T>(ReadOnlySpan<byte> bytes);

    private static T[] Elements<T>(TensorProto proto, IReadOnlyCollection<T> typed, int size, long count, string place, ReadElement<T> read)
    {
        if (proto.HasRawData && (typed.Count == 0 || proto.RawData.Length > 0))
        {
            Require(typed.Count == 0, "The constant has both raw and typed data.", place);
            return Raw(proto, size, count, place, read);
        }

        Require(typed.Count == count, $"The constant holds {typed.Count} elements, its shape asks for {count}.", place);
        return [.. typed];
    }

    private static T[] Raw<T>(TensorProto proto, int size, long count, string place, ReadElement<T> read)
    {
        ReadOnlySpan<byte> bytes = proto.RawData.Span;
        Require(bytes.Length == count * size, $"The constant holds {bytes.Length} bytes, its shape asks for {count * size}.", place);
        var values = new T[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = read(bytes.Slice(i * size, size));
        }

        return values;
    }

    private static void Require(bool condition, string message, string place)
    {
        if (!condition)
        {
            throw new DiagnosticException("MCU0314", message, place, "Export the file again; it is damaged.");
        }
    }
}
