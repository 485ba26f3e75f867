namespace Mcu.Generator.Deltas.Security;

/// <summary>What verification of an image's signature found.</summary>
/// <param name="Code">Null when the image is trusted, else the diagnostic code of the reason.</param>
/// <param name="Detail">The key that signed it, or the reason in words.</param>
public sealed record SignatureCheck(string? Code, string Detail)
{
    public bool IsTrusted => Code is null;

    /// <summary>
    /// Verifies an image against a trust store: MCU1280 not signed, 1281 the signature is wrong, 1282 no such key, 1283 the key may
    /// not sign this version, 1284 the security counter is too small. MCU1210 for a malformed message.
    /// </summary>
    public static SignatureCheck Of(DeltaFile file, TrustStore store)
    {
        if (file.Signature.Length == 0)
        {
            return new SignatureCheck("MCU1280", "the image is not signed");
        }

        CoseSign1 message = CoseSign1.Read(file.Signature, file.Name);
        string kid = Convert.ToHexStringLower(message.Kid.Span);
        TrustAnchor[] anchors = [.. store.Anchors.Where(a => a.Kid.Length == 0 || a.Kid == message.Kid)];
        if (anchors.Length == 0)
        {
            return new SignatureCheck("MCU1282", $"no trusted key has the kid {kid}");
        }

        byte[] payload = file.BodySha256();
        return anchors.FirstOrDefault(a => message.Verifies(a.Key, payload)) is { } anchor
            ? OfAnchor(file, store, anchor, $"{message.Algorithm.Name()}, kid {kid}")
            : new SignatureCheck("MCU1281", $"the signature with kid {kid} is not the key's for this image");
    }

    private static SignatureCheck OfAnchor(DeltaFile file, TrustStore store, TrustAnchor anchor, string key)
    {
        uint version = file.Header.Version;
        if (anchor.IsRevoked)
        {
            return new SignatureCheck("MCU1283", $"the key is revoked ({key})");
        }

        if (version < anchor.NotBeforeVersion || version > anchor.NotAfterVersion)
        {
            return new SignatureCheck("MCU1283", $"the key signs versions {anchor.NotBeforeVersion} to {anchor.NotAfterVersion}, this is {version} ({key})");
        }

        return file.Header.SecurityCounter < store.MinSecurityCounter
            ? new SignatureCheck("MCU1284", $"its security counter {file.Header.SecurityCounter} is below {store.MinSecurityCounter}")
            : new SignatureCheck(null, key);
    }
}
