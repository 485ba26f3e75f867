namespace Mcu.Generator.Deltas.Security;

/// <summary>Signature algorithms of delta images.</summary>
public enum SignatureAlgorithm
{
    /// <summary>ECDSA on P-256 with SHA-256 (RFC 9053).</summary>
    Es256,

    /// <summary>EdDSA; here always Ed25519.</summary>
    EdDsa,
}

/// <summary>Names of <see cref="SignatureAlgorithm"/>.</summary>
public static class SignatureAlgorithms
{
    /// <summary><c>ES256</c> or <c>EdDSA</c>.</summary>
    public static string Name(this SignatureAlgorithm algorithm) => algorithm == SignatureAlgorithm.Es256 ? "ES256" : "EdDSA";

    /// <summary>Number of the algorithm in COSE's registry.</summary>
    public static int CoseNumber(this SignatureAlgorithm algorithm) => algorithm == SignatureAlgorithm.Es256 ? -7 : -8;

    /// <summary>Null for another text.</summary>
    public static SignatureAlgorithm? Parse(string name) => name switch
    {
        "ES256" => SignatureAlgorithm.Es256,
        "EdDSA" => SignatureAlgorithm.EdDsa,
        _ => null,
    };
}
