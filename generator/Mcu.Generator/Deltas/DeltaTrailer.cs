using System.Buffers.Binary;

namespace Mcu.Generator.Deltas;

/// <summary>The trailer behind a body: a COSE_Sign1 message with its length.</summary>
public static class DeltaTrailer
{
    /// <summary>The message; empty for no trailer. MCU1210 for anything else.</summary>
    public static ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> trailer, string name)
    {
        ReadOnlySpan<byte> bytes = trailer.Span;
        if (bytes.IsEmpty)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        if (bytes.Length < DeltaFormat.TrailerHeaderBytes || !bytes.StartsWith(DeltaFormat.TrailerMagic))
        {
            throw DeltaFile.Error("MCU1210", "what follows the body is no signature", name, "Copy it again.");
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        int end = DeltaFormat.TrailerHeaderBytes + length;
        bool fits = length > 0 && bytes.Length == DeltaFormat.Align(end) && !bytes[end..].ContainsAnyExcept((byte)0);
        return fits
            ? trailer.Slice(DeltaFormat.TrailerHeaderBytes, length)
            : throw DeltaFile.Error("MCU1210", $"its signature of {length} bytes does not end where the file does", name, "Copy it again.");
    }

    /// <summary>A whole file: the body, and a trailer where there is a message.</summary>
    public static byte[] Write(ReadOnlySpan<byte> body, ReadOnlySpan<byte> message)
    {
        if (message.IsEmpty)
        {
            return body.ToArray();
        }

        var file = new byte[body.Length + DeltaFormat.Align(DeltaFormat.TrailerHeaderBytes + message.Length)];
        body.CopyTo(file);
        Span<byte> trailer = file.AsSpan(body.Length);
        DeltaFormat.TrailerMagic.CopyTo(trailer);
        BinaryPrimitives.WriteUInt16LittleEndian(trailer[2..], checked((ushort)message.Length));
        message.CopyTo(trailer[DeltaFormat.TrailerHeaderBytes..]);
        return file;
    }
}
