using System.Diagnostics;
using System.Text;
using Mcu.Generator.Deltas;
using Mcu.Generator.Deltas.Security;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Deltas;

/// <summary>COSE_Sign1 over an image: published answers, openssl as the other side, and every way to be refused.</summary>
public sealed class SignatureTests
{
    private static readonly byte[] Body = DeltaWriter.Write(TinyDelta.Image(0), TinyDelta.Shape(0));

    private readonly string folder = TestFolder.Create("keys");

    /// <summary>RFC 9052 appendix C.2.1: a signature that others made, with the payload detached as images have it.</summary>
    [Fact]
    public void The_rfcs_own_signature_verifies()
    {
        const string signature = "8EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36";
        const string point = "BAC5B11CAD8F99F9C72B05CF4B9E26D244DC189F745228255A219A86D6A09EFF20138BF82DC1B6D562BE0FA54AB7804A3A64B6D72CCFED6B6FB6ED28BBFC117E";
        PublicKey key = PublicKey.Parse(TestKeys.Pem("PUBLIC KEY", $"3059301306072A8648CE3D020106082A8648CE3D03010703420004{point}"), "rfc");
        CoseSign1 message = CoseSign1.Read(Convert.FromHexString("D28443A10126A104423131F65840" + signature), "rfc");

        Assert.Equal("11"u8.ToArray(), message.Kid.ToArray());
        Assert.True(message.Verifies(key, Encoding.ASCII.GetBytes("This is the content.")));
        Assert.False(message.Verifies(key, Encoding.ASCII.GetBytes("This is the content!")));
    }

    /// <summary>The layout byte by byte, so that a device can look at fixed places.</summary>
    [Theory]
    [InlineData(true, "D28443A10126A1044201AAF65840")]
    [InlineData(false, "D28443A10127A1044201AAF65840")]
    public void A_message_has_the_documented_bytes(bool es256, string start)
    {
        byte[] message = Signature(es256);

        Assert.Equal(start, Convert.ToHexString(message.AsSpan(0, start.Length / 2)));
        Assert.Equal((start.Length / 2) + 64, message.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Openssl_verifies_what_we_sign(bool es256)
    {
        byte[] signature = Signature(es256)[^64..];
        string key = Write("pub.pem", es256 ? TestKeys.P256PublicPem : TestKeys.EdPublicPem);
        string data = Write("tbs", ToBeSigned(es256));
        string file = Write("sig", es256 ? Der(signature) : signature);

        (int exit, _) = es256 ? OpenSsl("dgst", "-sha256", "-verify", key, "-signature", file, data) : OpenSsl("pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", data, "-sigfile", file);

        Assert.Equal(0, exit);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void We_verify_what_openssl_signs_with_keys_that_openssl_makes(bool es256)
    {
        string key = Path.Combine(folder, "key.pem");
        string pub = Path.Combine(folder, "pub.pem");
        string sig = Path.Combine(folder, "sig");
        string data = Write("tbs", ToBeSigned(es256));
        string[] kind = es256 ? ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] : ["-algorithm", "ed25519"];
        Assert.Equal(0, OpenSsl(["genpkey", .. kind, "-out", key]).Exit);
        Assert.Equal(0, OpenSsl("pkey", "-in", key, "-pubout", "-out", pub).Exit);
        Assert.Equal(0, (es256 ? OpenSsl("dgst", "-sha256", "-sign", key, "-out", sig, data) : OpenSsl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", data, "-out", sig)).Exit);
        byte[] signature = es256 ? Raw(File.ReadAllBytes(sig)) : File.ReadAllBytes(sig);
        byte[] message = Convert.FromHexString($"D28443A101{(es256 ? "26" : "27")}A1044101F65840{Convert.ToHexString(signature)}");
        PublicKey known = PublicKey.Load(pub);

        Assert.True(CoseSign1.Read(message, "x").Verifies(known, Parsed(Body).BodySha256()));
        PrivateKey ours = PrivateKey.Load(key);
        Assert.True(CoseSign1.Read(CoseSign1.Sign(ours, [1], new byte[32]), "x").Verifies(known, new byte[32]));
    }

    [Fact]
    public void A_sec1_key_as_ecparam_writes_it_signs()
    {
        string key = Path.Combine(folder, "sec1.pem");
        Assert.Equal(0, OpenSsl("ecparam", "-name", "prime256v1", "-genkey", "-out", key).Exit);
        Assert.Contains("BEGIN EC PARAMETERS", File.ReadAllText(key), StringComparison.Ordinal);
        PrivateKey loaded = PrivateKey.Load(key);

        Assert.Equal(SignatureAlgorithm.Es256, loaded.Algorithm);
        Assert.Equal(SignatureAlgorithm.Es256, CoseSign1.Read(CoseSign1.Sign(loaded, [1], new byte[32]), "x").Algorithm);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_changed_byte_of_body_or_message_is_refused_or_the_key_ids(bool es256)
    {
        byte[] message = Signature(es256);
        byte[] file = DeltaTrailer.Write(Body, message);
        TrustStore store = Store(Anchor("01aa", es256 ? TestKeys.P256PublicPem : TestKeys.EdPublicPem));
        Assert.True(SignatureCheck.Of(Parsed(file), store).IsTrusted);
        for (int at = Body.Length + 4; at < file.Length; at++)
        {
            byte[] mutant = [.. file];
            mutant[at] ^= 1;
            Assert.Contains(CodeOf(mutant, store), (string[])["MCU1210", "MCU1281", "MCU1282"]);
        }

        Assert.Equal("MCU1281", CodeOf(DeltaTrailer.Write(DeltaWriter.Write(TinyDelta.Image(0) with { SelfTests = [] }, TinyDelta.Shape(0)), message), store));
    }

    [Fact]
    public void Rotation_and_revocation_decide_by_key_and_version()
    {
        // The image's version is 2, its security counter 3.
        byte[] file = DeltaTrailer.Write(Body, Signature(es256: false));
        TrustAnchor anchor = Anchor("01aa", TestKeys.EdPublicPem);
        TrustAnchor other = Anchor("02", TestKeys.P256PublicPem);

        Assert.Null(CodeOf(file, Store(other, anchor)));
        Assert.Null(CodeOf(file, Store(anchor with { NotBeforeVersion = 2, NotAfterVersion = 2 })));
        Assert.Equal("MCU1283", CodeOf(file, Store(anchor with { NotAfterVersion = 1 })));
        Assert.Equal("MCU1283", CodeOf(file, Store(anchor with { NotBeforeVersion = 3 })));
        Assert.Equal("MCU1283", CodeOf(file, Store(anchor with { IsRevoked = true }, other)));
        Assert.Equal("MCU1282", CodeOf(file, Store(other)));
        Assert.Equal("MCU1281", CodeOf(file, Store(Anchor("01aa", TestKeys.OtherEdPublicPem))));
        Assert.Equal("MCU1281", CodeOf(file, Store(Anchor("01aa", TestKeys.P256PublicPem))));
        Assert.Equal("MCU1284", CodeOf(file, Store(anchor) with { MinSecurityCounter = 4 }));
        Assert.Equal("MCU1280", CodeOf(Body, Store(anchor)));
    }

    [Fact]
    public void A_trust_store_is_read_from_its_file()
    {
        Write("p256.pem", TestKeys.P256PublicPem);
        string text = $$"""
            {"anchors": [
              {"kid": "01aa", "algorithm": "EdDSA", "public_key": "{{TestKeys.EdPublicPem.Replace("\n", "\\n", StringComparison.Ordinal)}}", "revoked": true, "not_after_version": 9},
              {"kid": "02", "algorithm": "ES256", "public_key_file": "p256.pem", "not_before_version": 10}
            ], "min_security_counter": 4}
            """;
        TrustStore store = TrustStore.Load(Write("trust.json", text));

        Assert.Equal(["01aa", "02"], store.Anchors.Select(a => a.KidText));
        Assert.Equal([(true, 0u, 9u), (false, 10u, uint.MaxValue)], store.Anchors.Select(a => (a.IsRevoked, a.NotBeforeVersion, a.NotAfterVersion)));
        Assert.Equal([SignatureAlgorithm.EdDsa, SignatureAlgorithm.Es256], store.Anchors.Select(a => a.Key.Algorithm));
        Assert.Equal(4u, store.MinSecurityCounter);
    }

    [Theory]
    [InlineData("{}", "MCU1217")]
    [InlineData("[]", "MCU1217")]
    [InlineData("""{"anchors": []}""", "MCU1217")]
    [InlineData("""{"anchors": [1]}""", "MCU1217")]
    [InlineData("""{"anchors": [{"kid": "01"}]}""", "MCU1217")]
    [InlineData("""{"anchors": [{"kid": "01", "algorithm": "EdDSA", "public_key": "no key"}]}""", "MCU1216")]
    [InlineData("""{"anchors": [{"kid": "01", "algorithm": "ES256", "public_key": KEY}]}""", "MCU1217")]
    [InlineData("""{"anchors": [{"kid": "0", "algorithm": "EdDSA", "public_key": KEY}]}""", "MCU1218")]
    [InlineData("""{"anchors": [{"kid": "01", "algorithm": "EdDSA", "public_key": KEY, "revokd": true}]}""", "MCU1217")]
    [InlineData("""{"anchors": [{"kid": "01", "algorithm": "EdDSA", "public_key": KEY, "revoked": 1}]}""", "MCU1217")]
    [InlineData("""{"anchors": [{"kid": "01", "algorithm": "EdDSA", "public_key": KEY, "not_before_version": -1}]}""", "MCU1217")]
    [InlineData("""{"anchors": [{"kid": "01", "algorithm": "EdDSA", "public_key": KEY}, {"kid": "01", "algorithm": "EdDSA", "public_key": KEY}]}""", "MCU1217")]
    public void A_trust_store_that_is_not_understood_is_refused_whole(string text, string code)
    {
        string json = text.Replace("KEY", $"\"{TestKeys.EdPublicPem.Replace("\n", "\\n", StringComparison.Ordinal)}\"", StringComparison.Ordinal);
        var refusal = Assert.Throws<DiagnosticException>(() => TrustStore.Load(Write("bad.json", json)));

        Assert.Equal(code, refusal.Diagnostic.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDFLsmQB")]
    public void A_key_file_that_holds_no_usable_key_is_one_diagnostic(string pem)
    {
        Assert.Equal("MCU1216", Assert.Throws<DiagnosticException>(() => PrivateKey.Parse(pem, "k")).Diagnostic.Code);
        Assert.Equal("MCU1216", Assert.Throws<DiagnosticException>(() => PublicKey.Parse(pem, "k")).Diagnostic.Code);
    }

    [Theory]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384")]
    [InlineData("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048")]
    [InlineData("genpkey -algorithm ed448")]
    [InlineData("genpkey -algorithm ed25519 -aes256 -pass pass:secret")]
    public void Keys_of_other_kinds_and_encrypted_ones_are_refused(string command)
    {
        string key = Path.Combine(folder, "other.pem");
        Assert.Equal(0, OpenSsl([.. command.Split(' '), "-out", key]).Exit);

        Assert.Equal("MCU1216", Assert.Throws<DiagnosticException>(() => PrivateKey.Load(key)).Diagnostic.Code);
    }

    private static byte[] Signature(bool es256)
    {
        PrivateKey key = es256 ? TestKeys.P256() : TestKeys.Ed25519();
        return CoseSign1.Sign(key, [1, 0xAA], Parsed(Body).BodySha256());
    }

    /// <summary>Sig_structure of RFC 9052 section 4.4, written out.</summary>
    private static byte[] ToBeSigned(bool es256) =>
        [0x84, 0x6A, .. "Signature1"u8, 0x43, 0xA1, 0x01, es256 ? (byte)0x26 : (byte)0x27, 0x40, 0x58, 0x20, .. System.Security.Cryptography.SHA256.HashData(Body)];

    private static DeltaFile Parsed(byte[] file) => DeltaFile.Parse(file, "x");

    private static TrustAnchor Anchor(string kid, string pem) => new(EquatableArray.Wrap(Convert.FromHexString(kid)), PublicKey.Parse(pem, "x"));

    private static TrustStore Store(params TrustAnchor[] anchors) => new(EquatableArray.Wrap(anchors));

    private static string? CodeOf(byte[] file, TrustStore store)
    {
        try
        {
            return SignatureCheck.Of(Parsed(file), store).Code;
        }
        catch (DiagnosticException e)
        {
            return e.Diagnostic.Code;
        }
    }

    /// <summary>ASN.1 form of an ECDSA signature: two positive integers.</summary>
    private static byte[] Der(byte[] raw)
    {
        byte[] content = [.. Integer(raw[..32]), .. Integer(raw[32..])];
        return [0x30, (byte)content.Length, .. content];
    }

    private static byte[] Integer(byte[] bytes)
    {
        byte[] value = [.. bytes.SkipWhile(b => b == 0)];
        value = value[0] >= 0x80 ? [0, .. value] : value;
        return [2, (byte)value.Length, .. value];
    }

    private static byte[] Raw(byte[] der)
    {
        int first = der[3];
        int second = der[5 + first];
        return [.. Number(der.AsSpan(4, first)), .. Number(der.AsSpan(6 + first, second))];

        static byte[] Number(ReadOnlySpan<byte> integer)
        {
            ReadOnlySpan<byte> value = integer.Length > 32 ? integer[^32..] : integer;
            return [.. new byte[32 - value.Length], .. value];
        }
    }

    private string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    private string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static (int Exit, string Error) OpenSsl(params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, error);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs openssl: apt-get install openssl");
            throw;
        }
    }
}
