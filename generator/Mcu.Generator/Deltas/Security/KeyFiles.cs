using System.Security.Cryptography;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.OpenSsl;
using Org.BouncyCastle.Security;

namespace Mcu.Generator.Deltas.Security;

/// <summary>A private key: P-256 for ES256, or Ed25519.</summary>
public sealed class PrivateKey
{
    private readonly Ed25519PrivateKeyParameters? ed25519;

    private PrivateKey(ECParameters? p256, Ed25519PrivateKeyParameters? ed25519) => (P256, this.ed25519) = (p256, ed25519);

    public SignatureAlgorithm Algorithm => P256 is null ? SignatureAlgorithm.EdDsa : SignatureAlgorithm.Es256;

    /// <summary>Null for Ed25519.</summary>
    internal ECParameters? P256 { get; }

    /// <summary>Reads a PEM file as openssl writes it (PKCS #8, or SEC 1 for P-256); MCU1216.</summary>
    public static PrivateKey Load(string path) => Parse(KeyPem.Read(path), path);

    /// <inheritdoc cref="Load"/>
    /// <param name="pem">Text of the file.</param>
    /// <param name="path">Place for diagnostics.</param>
    public static PrivateKey Parse(string pem, string path)
    {
        AsymmetricKeyParameter? key = KeyPem.Parse(pem, path) switch
        {
            AsymmetricCipherKeyPair pair => pair.Private,
            AsymmetricKeyParameter { IsPrivate: true } only => only,
            _ => null,
        };
        return key switch
        {
            Ed25519PrivateKeyParameters ed => new PrivateKey(null, ed),
            ECPrivateKeyParameters => new PrivateKey(KeyPem.P256(pem, path, isPrivate: true), null),
            _ => throw KeyPem.Unusable(path, "it holds no private key of P-256 or Ed25519"),
        };
    }

    internal byte[] SignEd25519(byte[] message)
    {
        var signer = new Ed25519Signer();
        signer.Init(forSigning: true, ed25519);
        signer.BlockUpdate(message, 0, message.Length);
        return signer.GenerateSignature();
    }
}

/// <summary>A public key: P-256 for ES256, or Ed25519.</summary>
public sealed class PublicKey
{
    private readonly Ed25519PublicKeyParameters? ed25519;

    private PublicKey(ECParameters? p256, Ed25519PublicKeyParameters? ed25519) => (P256, this.ed25519) = (p256, ed25519);

    public SignatureAlgorithm Algorithm => P256 is null ? SignatureAlgorithm.EdDsa : SignatureAlgorithm.Es256;

    /// <summary>Null for Ed25519.</summary>
    internal ECParameters? P256 { get; }

    /// <summary>Reads a PEM file with a public key (SubjectPublicKeyInfo); MCU1216.</summary>
    public static PublicKey Load(string path) => Parse(KeyPem.Read(path), path);

    /// <inheritdoc cref="Load"/>
    /// <param name="pem">Text of the file.</param>
    /// <param name="path">Place for diagnostics.</param>
    public static PublicKey Parse(string pem, string path) => KeyPem.Parse(pem, path) switch
    {
        Ed25519PublicKeyParameters ed => new PublicKey(null, ed),
        ECPublicKeyParameters => new PublicKey(KeyPem.P256(pem, path, isPrivate: false), null),
        _ => throw KeyPem.Unusable(path, "it holds no public key of P-256 or Ed25519"),
    };

    internal bool VerifiesEd25519(byte[] message, byte[] signature)
    {
        var signer = new Ed25519Signer();
        signer.Init(forSigning: false, ed25519);
        signer.BlockUpdate(message, 0, message.Length);
        return signer.VerifySignature(signature);
    }
}

/// <summary>Key files of openssl.</summary>
internal static class KeyPem
{
    private const long MaxBytes = 64 * 1024;
    private const string P256Oid = "1.2.840.10045.3.1.7";

    public static string Read(string path) => System.Text.Encoding.Latin1.GetString(InputFile.ReadAll(path, MaxBytes));

    /// <summary>The last key of the text: openssl writes the curve in front of a SEC 1 key.</summary>
    public static object? Parse(string pem, string path)
    {
        try
        {
            object? key = null;
            using var reader = new PemReader(new StringReader(pem));
            for (object? item = reader.ReadObject(); item is not null; item = reader.ReadObject())
            {
                key = item is AsymmetricCipherKeyPair or AsymmetricKeyParameter ? item : key;
            }

            return key;
        }
        catch (Exception e) when (e is IOException or Org.BouncyCastle.OpenSsl.PasswordException or InvalidParameterException or SecurityUtilityException or ArgumentException
            or InvalidOperationException or FormatException or GeneralSecurityException or CryptoException or Asn1Exception or InvalidCastException)
        {
            throw Unusable(path, pem.Contains("ENCRYPTED", StringComparison.Ordinal) ? "it is encrypted" : e.Message);
        }
    }

    public static ECParameters P256(string pem, string path, bool isPrivate)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            ECParameters parameters = key.ExportParameters(isPrivate);
            return parameters.Curve.Oid.Value == P256Oid ? parameters : throw Unusable(path, "its curve is not P-256");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw Unusable(path, e.Message);
        }
    }

    public static DiagnosticException Unusable(string path, string why) => new(
        "MCU1216", $"The key file cannot be used: {why}.", path, "Make one with 'openssl genpkey -algorithm ed25519', or '-algorithm EC -pkeyopt ec_paramgen_curve:P-256'; 'openssl pkey -pubout' gives the public key.");
}
