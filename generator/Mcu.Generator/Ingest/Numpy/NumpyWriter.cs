using System.Buffers.Binary;
using System.Text;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>Writes <c>.npy</c> files, version 1.0 (NumPy Enhancement Proposal 1).</summary>
public static class NumpyWriter
{
    private const int Alignment = 64;

    /// <summary>The whole file: header and the little-endian elements as they are, in C order.</summary>
    /// <param name="type">Float32 or an integer type.</param>
    public static byte[] File(ReadOnlySpan<byte> elements, DataType type, IReadOnlyList<int> shape)
    {
        string dimensions = string.Concat(shape.Select(dim => $"{dim}, ")).TrimEnd();
        string text = $"{{'descr': '{Descriptor(type)}', 'fortran_order': False, 'shape': ({dimensions}), }}";
        const int fixedBytes = 10;
        int padding = (Alignment - ((fixedBytes + text.Length + 1) % Alignment)) % Alignment;
        byte[] header = Encoding.ASCII.GetBytes(text + new string(' ', padding) + "\n");
        var file = new byte[fixedBytes + header.Length + elements.Length];
        file[0] = 0x93;
        "NUMPY\u0001\0"u8.CopyTo(file.AsSpan(1));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), (ushort)header.Length);
        header.CopyTo(file.AsSpan(fixedBytes));
        elements.CopyTo(file.AsSpan(fixedBytes + header.Length));
        return file;
    }

    private static string Descriptor(DataType type) => type switch
    {
        DataType.Float32 => "<f4",
        DataType.Int8 => "|i1",
        DataType.Int16 => "<i2",
        DataType.Int32 => "<i4",
        _ => "<i8",
    };
}
