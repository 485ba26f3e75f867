using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;

namespace Mcu.Generator.Deltas;

/// <summary>
/// A <c>.mcud</c> file as far as it can be understood without the network that it belongs to: header, parents, self-tests,
/// where each record lies, and the signature. Every rule that needs no ABI is checked.
/// </summary>
/// <param name="Name">The file's name.</param>
/// <param name="Records">Per layer of the ABI: where its record lies in the body; empty where the layer is unchanged.</param>
/// <param name="Body">What the signature covers.</param>
/// <param name="Signature">COSE_Sign1 message; empty for none.</param>
public sealed record DeltaFile(
    string Name,
    DeltaHeader Header,
    EquatableArray<DeltaHash> Parents,
    EquatableArray<DeltaSelfTest> SelfTests,
    EquatableArray<Range> Records,
    ReadOnlyMemory<byte> Body,
    ReadOnlyMemory<byte> Signature)
{
    /// <summary>Payload of the signature.</summary>
    public byte[] BodySha256() => SHA256.HashData(Body.Span);

    /// <summary>Bytes of the file.</summary>
    public int Bytes => Body.Length + (Signature.Length == 0 ? 0 : DeltaFormat.TrailerHeaderBytes + DeltaFormat.Align(Signature.Length));

    /// <summary>Whether a path names a delta image: by its ending, as folders are told from files.</summary>
    public static bool IsNamed(string path) => Path.GetExtension(path).Equals(".mcud", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a file: MCU0101 to 0106, MCU1201 to 1206 and MCU1210.</summary>
    public static DeltaFile Load(string path) => Parse(InputFile.ReadAll(path, DeltaFormat.MaxFileBytes), Path.GetFileName(path));

    /// <summary>Reads bytes. MCU1201 to 1206 and MCU1210.</summary>
    /// <param name="name">How diagnostics call the image.</param>
    public static DeltaFile Parse(byte[] file, string name)
    {
        ReadOnlySpan<byte> header = file.AsSpan(0, Math.Min(file.Length, DeltaFormat.HeaderBytes));
        int bodyBytes = CheckHeader(header, file.Length, name);
        ReadOnlyMemory<byte> body = file.AsMemory(0, bodyBytes);
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        if (stored != Checksum(body.Span))
        {
            throw Error("MCU1204", "the CRC-32 does not match; the image is damaged", name, "Copy or pack it again.");
        }

        int at = DeltaFormat.HeaderBytes;
        EquatableArray<DeltaHash> parents = Enumerable.Range(0, header[61]).Select(i => DeltaHash.Read(body.Span[(at + (DeltaHash.Bytes * i))..])).ToEquatableArray();
        at += DeltaHash.Bytes * parents.Length;
        EquatableArray<DeltaSelfTest> tests = Enumerable.Range(0, header[60]).Select(i => SelfTest(body.Span[(at + (DeltaFormat.SelfTestBytes * i))..])).ToEquatableArray();
        at += DeltaFormat.SelfTestBytes * tests.Length;
        return new DeltaFile(
            name,
            HeaderOf(header),
            parents,
            tests,
            DeltaDirectory.Read(body.Span, at, BinaryPrimitives.ReadUInt16LittleEndian(header[6..]), name),
            body,
            DeltaTrailer.Read(file.AsMemory(bodyBytes), name));
    }

    /// <summary>The CRC-32 that a body's header must hold.</summary>
    public static uint Checksum(ReadOnlySpan<byte> body)
    {
        var crc = new Crc32();
        crc.Append(body[..12]);
        crc.Append(body[16..]);
        return crc.GetCurrentHashAsUInt32();
    }

    /// <summary>A diagnostic about an image.</summary>
    internal static DiagnosticException Error(string code, string what, string name, string hint = "") =>
        new(code, $"The delta image is refused: {what}.", name, hint);

    /// <summary>Length of the body; everything that follows may be read within it.</summary>
    private static int CheckHeader(ReadOnlySpan<byte> header, int fileBytes, string name)
    {
        if (!header.StartsWith(DeltaFormat.Magic))
        {
            throw Error("MCU1201", "the file does not start with MCUD", name, "Give a .mcud file that 'mcu delta pack' wrote.");
        }

        if (header.Length < DeltaFormat.HeaderBytes)
        {
            throw Error("MCU1203", "the file ends inside its header", name, "Copy it again.");
        }

        if (header[4] != DeltaFormat.Version || header[5] != 0 || header[62] != 0 || header[63] != 0)
        {
            throw Error("MCU1202", $"format {header[4]} with flags {header[5]:x2} is not known", name, "Use the version of mcu that packed it.");
        }

        uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        long fixedBytes = DeltaFormat.HeaderBytes + (DeltaHash.Bytes * header[61]) + (DeltaFormat.SelfTestBytes * header[60])
            + DeltaFormat.Align(2 * BinaryPrimitives.ReadUInt16LittleEndian(header[6..]));
        return bytes % 4 == 0 && bytes <= DeltaFormat.MaxBodyBytes && bytes <= fileBytes && bytes >= fixedBytes
            ? (int)bytes
            : throw Error("MCU1203", $"its body of {bytes} bytes does not fit a file of {fileBytes}, or what the header announces", name, "Copy it again.");
    }

    private static DeltaHeader HeaderOf(ReadOnlySpan<byte> header) => new(
        DeltaHash.Read(header[16..]),
        DeltaHash.Read(header[32..]),
        BinaryPrimitives.ReadUInt32LittleEndian(header[48..]),
        BinaryPrimitives.ReadUInt32LittleEndian(header[52..]),
        BinaryPrimitives.ReadUInt32LittleEndian(header[56..]));

    private static DeltaSelfTest SelfTest(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
}
