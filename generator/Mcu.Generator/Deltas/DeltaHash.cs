using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Mcu.Generator.Deltas;

/// <summary>The first 16 bytes of a SHA-256.</summary>
public readonly record struct DeltaHash(UInt128 Value)
{
    public const int Bytes = 16;

    /// <summary>Hash of a text or a file.</summary>
    public static DeltaHash Of(ReadOnlySpan<byte> data) => Read(SHA256.HashData(data));

    /// <summary>The first 16 of at least as many bytes.</summary>
    public static DeltaHash Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>The first 16 bytes of a hash in hexadecimal.</summary>
    public static DeltaHash Parse(string hex) =>
        new(UInt128.Parse(hex.AsSpan(0, 2 * Bytes), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
