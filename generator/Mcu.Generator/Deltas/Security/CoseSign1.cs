using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Deltas.Security;

/// <summary>
/// A COSE_Sign1 message (RFC 9052) in the one form that delta images have: tag 18, the algorithm alone in the protected header, the
/// key id alone in the unprotected one, detached payload.
/// </summary>
/// <param name="Kid">Key id, 1 to <see cref="MaxKidBytes"/> bytes.</param>
/// <param name="Signature">64 bytes for either algorithm.</param>
/// <param name="Message">The whole message.</param>
public sealed record CoseSign1(SignatureAlgorithm Algorithm, EquatableArray<byte> Kid, EquatableArray<byte> Signature, ReadOnlyMemory<byte> Message)
{
    public const int MaxKidBytes = 32;

    private const int SignatureBytes = 64;
    private const int AlgorithmLabel = 1;
    private const int KidLabel = 4;
    private const CborTag Tag = (CborTag)18;

    /// <summary>Reads a message; MCU1210 for any other form, however COSE would see it.</summary>
    /// <param name="name">How diagnostics call the image.</param>
    public static CoseSign1 Read(ReadOnlyMemory<byte> message, string name)
    {
        try
        {
            return Parse(message, name);
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            throw Malformed(name);
        }
    }

    /// <summary>Signs the payload of an image.</summary>
    public static byte[] Sign(PrivateKey key, byte[] kid, byte[] payload)
    {
        if (key.P256 is not { } parameters)
        {
            return Encode(SignatureAlgorithm.EdDsa, kid, key.SignEd25519(ToBeSigned(SignatureAlgorithm.EdDsa, payload)));
        }

        using var ecdsa = ECDsa.Create(parameters);
        var unprotected = new CoseHeaderMap { [CoseHeaderLabel.KeyIdentifier] = CoseHeaderValue.FromBytes(kid) };
        return CoseSign1Message.SignDetached(payload, new CoseSigner(ecdsa, HashAlgorithmName.SHA256, null, unprotected));
    }

    /// <summary>Whether the signature is the key's for the payload.</summary>
    public bool Verifies(PublicKey key, byte[] payload)
    {
        if (key.Algorithm != Algorithm)
        {
            return false;
        }

        if (key.P256 is not { } parameters)
        {
            return key.VerifiesEd25519(ToBeSigned(Algorithm, payload), Signature.ToArray());
        }

        using var ecdsa = ECDsa.Create(parameters);
        return CoseMessage.DecodeSign1(Message.Span).VerifyDetached(ecdsa, payload);
    }

    /// <summary>The Sig_structure whose encoding is signed: context, protected header, no external data, payload.</summary>
    public static byte[] ToBeSigned(SignatureAlgorithm algorithm, byte[] payload)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(Protected(algorithm));
        writer.WriteByteString([]);
        writer.WriteByteString(payload);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static byte[] Encode(SignatureAlgorithm algorithm, byte[] kid, byte[] signature)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteTag(Tag);
        writer.WriteStartArray(4);
        writer.WriteByteString(Protected(algorithm));
        writer.WriteStartMap(1);
        writer.WriteInt32(KidLabel);
        writer.WriteByteString(kid);
        writer.WriteEndMap();
        writer.WriteNull();
        writer.WriteByteString(signature);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static byte[] Protected(SignatureAlgorithm algorithm)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(1);
        writer.WriteInt32(AlgorithmLabel);
        writer.WriteInt32(algorithm.CoseNumber());
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static CoseSign1 Parse(ReadOnlyMemory<byte> message, string name)
    {
        var reader = new CborReader(message, CborConformanceMode.Canonical);
        bool start = reader.ReadTag() == Tag && reader.ReadStartArray() == 4;
        SignatureAlgorithm algorithm = AlgorithmOf(reader.ReadByteString(), name);
        bool unprotected = reader.ReadStartMap() == 1 && reader.ReadInt32() == KidLabel;
        byte[] kid = reader.ReadByteString();
        reader.ReadEndMap();
        reader.ReadNull();
        byte[] signature = reader.ReadByteString();
        reader.ReadEndArray();
        return start && unprotected && kid.Length is > 0 and <= MaxKidBytes && signature.Length == SignatureBytes && reader.BytesRemaining == 0
            ? new CoseSign1(algorithm, EquatableArray.Wrap(kid), EquatableArray.Wrap(signature), message)
            : throw Malformed(name);
    }

    private static SignatureAlgorithm AlgorithmOf(byte[] header, string name)
    {
        SignatureAlgorithm[] known = [SignatureAlgorithm.Es256, SignatureAlgorithm.EdDsa];
        foreach (SignatureAlgorithm algorithm in known)
        {
            if (header.AsSpan().SequenceEqual(Protected(algorithm)))
            {
                return algorithm;
            }
        }

        throw Malformed(name);
    }

    private static Diagnostics.DiagnosticException Malformed(string name) => DeltaFile.Error(
        "MCU1210", "its signature is no COSE_Sign1 message with ES256 or EdDSA, a key id and a detached payload", name, "Sign it again with 'mcu delta sign'.");
}
