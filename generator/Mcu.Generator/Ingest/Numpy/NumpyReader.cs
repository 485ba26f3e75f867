using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>
/// Reads .npy (NEP 1, versions 1.0 to 3.0) and .npz (a ZIP archive of them, stored or deflated). Little-endian numbers only;
/// pickled objects are refused, archives are unpacked up to a bound and checked against their CRC-32.
/// </summary>
public static class NumpyReader
{
    /// <summary>Largest file, and largest sum of unpacked arrays, in bytes.</summary>
    public const long MaxBytes = 256L * 1024 * 1024;

    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The arrays of the file: one of an .npy, all of an .npz. Throws MCU0120 to MCU0124.</summary>
    public static IReadOnlyList<NumpyArray> Read(string path) =>
        Read(BoundedFile.Read(path, MaxBytes, "MCU0120"), path);

    /// <inheritdoc cref="Read(string)"/>
    /// <param name="file">The whole file.</param>
    /// <param name="location">The file's name, for messages and for the name of a single array.</param>
    public static IReadOnlyList<NumpyArray> Read(byte[] file, string location)
    {
        if (file.AsSpan().StartsWith(Magic))
        {
            return [Array(file, Path.GetFileNameWithoutExtension(location), location)];
        }

        return file.AsSpan().StartsWith("PK"u8)
            ? NumpyArchive.Read(file, location)
            : throw new DiagnosticException("MCU0121", "The file begins neither like an .npy nor like an .npz file.", location);
    }

    /// <summary>One .npy file.</summary>
    internal static NumpyArray Array(ReadOnlySpan<byte> file, string name, string location)
    {
        (int start, int length) = HeaderRange(file, location);
        NumpyHeader header = NumpyHeader.Parse(file.Slice(start, length), location);
        ReadOnlySpan<byte> data = file[(start + length)..];
        UInt128 expected = (uint)header.ElementSize;
        foreach (int dim in header.Shape.Dims)
        {
            // 32 dimensions of 31 bits wrap around even here, so the product stops where it exceeds any file.
            expected = expected > long.MaxValue ? expected : expected * (uint)dim;
        }

        if (expected != (UInt128)data.Length || header.Shape.Dims.Contains(0))
        {
            throw new DiagnosticException("MCU0123", $"The array {header.Type} {header.Shape} needs {(expected > long.MaxValue ? "more than 2^63" : expected)} bytes and must not be empty; the file holds {data.Length}.", location);
        }

        return new NumpyArray(name, header.Type, header.Shape, Elements(header, data));
    }

    private static (int Start, int Length) HeaderRange(ReadOnlySpan<byte> file, string location)
    {
        if (!file.StartsWith(Magic) || file.Length < 10)
        {
            throw new DiagnosticException("MCU0121", "The file does not begin like an .npy file, or is cut off.", location);
        }

        int major = file[6];
        if (major is < 1 or > 3)
        {
            throw new DiagnosticException("MCU0121", $"The .npy version {major}.{file[7]} is not known.", location);
        }

        int start = major == 1 ? 10 : 12;
        long length = major == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(file[8..])
            : file.Length < start ? long.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(file[8..]);
        return length <= file.Length - start
            ? (start, (int)length)
            : throw new DiagnosticException("MCU0121", "The .npy header reaches beyond the file; the file is cut off.", location);
    }

    private static Array Elements(NumpyHeader header, ReadOnlySpan<byte> data) => header.Type switch
    {
        NumpyType.Float32 => Ordered<float>(header, data),
        NumpyType.Float64 => Ordered<double>(header, data),
        NumpyType.Int8 => Ordered<sbyte>(header, data),
        NumpyType.UInt8 => Ordered<byte>(header, data),
        NumpyType.Int16 => Ordered<short>(header, data),
        NumpyType.Int32 => Ordered<int>(header, data),
        _ => Ordered<long>(header, data),
    };

    private static T[] Ordered<T>(NumpyHeader header, ReadOnlySpan<byte> data)
        where T : unmanaged
    {
        T[] values = LittleEndian<T>(data);
        int rank = header.Shape.Rank;
        if (!header.FortranOrder || rank < 2)
        {
            return values;
        }

        // In Fortran order the first axis is innermost: the same bytes are the reversed shape in C order.
        var reversed = new Shape(header.Shape.Dims.Reverse().ToArray());
        return Permute.Data<T>(values, reversed, Enumerable.Range(0, rank).Reverse().ToEquatableArray());
    }

    private static T[] LittleEndian<T>(ReadOnlySpan<byte> data)
        where T : unmanaged
    {
        int size = Marshal.SizeOf<T>();
        byte[] bytes = data.ToArray();
        if (!BitConverter.IsLittleEndian && size > 1)
        {
            for (int i = 0; i < bytes.Length; i += size)
            {
                bytes.AsSpan(i, size).Reverse();
            }
        }

        return MemoryMarshal.Cast<byte, T>(bytes).ToArray();
    }
}
