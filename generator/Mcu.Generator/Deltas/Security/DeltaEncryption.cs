using System.Formats.Cbor;
using System.Security.Cryptography;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest;

namespace Mcu.Generator.Deltas.Security;

/// <summary>
/// Encrypts whole image files for transport and storage, since a user's delta is personal data: a COSE_Encrypt0 message (RFC 9052,
/// tag 16) with AES-GCM, the algorithm in the protected header, IV and key id in the unprotected one.
/// </summary>
public static class DeltaEncryption
{
    private const CborTag Tag = (CborTag)16;
    private const int AlgorithmLabel = 1;
    private const int KidLabel = 4;
    private const int IvLabel = 5;
    private const int IvBytes = 12;
    private const int TagBytes = 16;

    /// <summary>A128GCM and A256GCM by the key's length (RFC 9053).</summary>
    private static readonly Dictionary<int, int> Algorithms = new() { [16] = 1, [32] = 3 };

    /// <summary>Reads a key file: 16 or 32 raw bytes, or as many in hexadecimal; MCU1216.</summary>
    public static byte[] LoadKey(string path)
    {
        byte[] bytes = InputFile.ReadAll(path, 1024);
        string text = System.Text.Encoding.Latin1.GetString(bytes).Trim();
        byte[] key = text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) && text.Length > 0 && !Algorithms.ContainsKey(bytes.Length) ? Convert.FromHexString(text) : bytes;
        return Algorithms.ContainsKey(key.Length)
            ? key
            : throw new DiagnosticException("MCU1216", "The key file cannot be used: it holds neither 16 nor 32 bytes.", path, "Make one with 'openssl rand -hex 32'.");
    }

    /// <summary>The encrypted file, under a fresh IV.</summary>
    public static byte[] Encrypt(byte[] file, byte[] key, byte[] kid)
    {
        byte[] iv = RandomNumberGenerator.GetBytes(IvBytes);
        byte[] header = Protected(Algorithms[key.Length]);
        var sealedBytes = new byte[file.Length + TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(iv, file, sealedBytes.AsSpan(0, file.Length), sealedBytes.AsSpan(file.Length), Additional(header));
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteTag(Tag);
        writer.WriteStartArray(3);
        writer.WriteByteString(header);
        writer.WriteStartMap(2);
        writer.WriteInt32(KidLabel);
        writer.WriteByteString(kid);
        writer.WriteInt32(IvLabel);
        writer.WriteByteString(iv);
        writer.WriteEndMap();
        writer.WriteByteString(sealedBytes);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <summary>The file within. MCU1220 when the message is malformed, or the key is another or a byte was changed.</summary>
    /// <param name="place">The file, for diagnostics.</param>
    public static byte[] Decrypt(byte[] message, byte[] key, string place)
    {
        try
        {
            return Open(message, key) ?? throw Error("it is no COSE_Encrypt0 message with AES-GCM for a key of this length", place);
        }
        catch (CryptographicException)
        {
            throw Error("the key is not the one it was encrypted with, or it was changed", place);
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            throw Error("it is no COSE_Encrypt0 message with AES-GCM", place);
        }
    }

    private static byte[]? Open(byte[] message, byte[] key)
    {
        var reader = new CborReader(message, CborConformanceMode.Canonical);
        bool start = reader.ReadTag() == Tag && reader.ReadStartArray() == 3;
        byte[] header = reader.ReadByteString();
        bool unprotected = reader.ReadStartMap() == 2 && reader.ReadInt32() == KidLabel && reader.ReadByteString().Length > 0 && reader.ReadInt32() == IvLabel;
        byte[] iv = reader.ReadByteString();
        reader.ReadEndMap();
        byte[] sealedBytes = reader.ReadByteString();
        reader.ReadEndArray();
        bool valid = start && unprotected && iv.Length == IvBytes && sealedBytes.Length >= TagBytes && reader.BytesRemaining == 0
            && header.AsSpan().SequenceEqual(Protected(Algorithms[key.Length]));
        if (!valid)
        {
            return null;
        }

        var file = new byte[sealedBytes.Length - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(iv, sealedBytes.AsSpan(0, file.Length), sealedBytes.AsSpan(file.Length), file, Additional(header));
        return file;
    }

    private static byte[] Protected(int algorithm)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(1);
        writer.WriteInt32(AlgorithmLabel);
        writer.WriteInt32(algorithm);
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>Enc_structure: context, protected header, no external data.</summary>
    private static byte[] Additional(byte[] header)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(3);
        writer.WriteTextString("Encrypt0");
        writer.WriteByteString(header);
        writer.WriteByteString([]);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static DiagnosticException Error(string what, string place) => new("MCU1220", $"The encrypted image cannot be opened: {what}.", place, "Give the file and the key that 'mcu delta encrypt' used.");
}
