using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Mcu.Generator.Deltas;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.Deltas;

namespace Mcu.Tests.Device;

/// <summary>
/// The device's reading of COSE_Sign1: messages written by hand after RFC 9052, signed and verified with the platform's ECDSA.
/// </summary>
public sealed class SignatureTests
{
    private static readonly byte[] KeyId = [0x0A, 0x01, 0xFF];

    [Fact]
    public async Task The_device_verifies_the_text_that_the_standard_says_was_signed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] body = Body();
        byte[] text = SignedText(0x26, SHA256.HashData(body));
        byte[] image = Signed(body, 0x26, key.SignData(text, HashAlgorithmName.SHA256));

        Dictionary<string, string> seen = await CheckAsync(image, SHA256.HashData(body));

        Assert.Equal("0", seen["status"]);
        Assert.Equal("-7", seen["algorithm"]);
        Assert.Equal(Convert.ToHexStringLower(KeyId), seen["kid"]);
        Assert.Equal(Convert.ToHexStringLower(text), seen["text"]);
        Assert.True(key.VerifyData(Convert.FromHexString(seen["text"]), Convert.FromHexString(seen["signature"]), HashAlgorithmName.SHA256));
    }

    [Fact]
    public async Task Each_way_in_which_a_signature_is_wrong_has_its_status()
    {
        byte[] body = Body();
        byte[] digest = SHA256.HashData(body);
        byte[] good = Signed(body, 0x27, new byte[64]);

        Assert.Equal("0", (await CheckAsync(good, digest))["status"]);
        Assert.Equal("-8", (await CheckAsync(good, digest))["algorithm"]);
        Assert.Equal("60", (await CheckAsync(body, digest))["status"]);
        Assert.Equal("62", (await CheckAsync(Signed(body, 0x28, new byte[64]), digest))["status"]);
        Assert.Equal("64", (await CheckAsync(good, digest, "refuse"))["status"]);
        for (int at = body.Length + 4; at < good.Length - 66; at++)
        {
            byte[] changed = [.. good];
            changed[at] ^= 0x20;
            string status = (await CheckAsync(changed, digest))["status"];

            // Bytes 3 to 5 are the protected header, 9 to 11 the key id; all others are the form.
            string expected = (at - body.Length - 4) switch { >= 3 and <= 5 => "62", >= 9 and <= 11 => "0", _ => "61" };
            Assert.Equal(expected, status);
        }
    }

    private static byte[] Body()
    {
        DeltaCase source = DeltaCase.Of("demo", KernelSet.Portable);
        return source.Bytes(source.Pack(source.Model.Adapters[0], AdapterModeChoice.Auto));
    }

    /// <summary>Sig_structure: ["Signature1", h'a101XX', h'', digest].</summary>
    private static byte[] SignedText(byte algorithm, byte[] digest) =>
        [0x84, 0x6A, .. Encoding.ASCII.GetBytes("Signature1"), 0x43, 0xA1, 0x01, algorithm, 0x40, 0x58, 0x20, .. digest];

    /// <summary>18([h'a101XX', {4: kid}, nil, signature]) behind the body.</summary>
    private static byte[] Signed(byte[] body, byte algorithm, byte[] signature)
    {
        byte[] message = [0xD2, 0x84, 0x43, 0xA1, 0x01, algorithm, 0xA1, 0x04, (byte)(0x40 + KeyId.Length), .. KeyId, 0xF6, 0x58, (byte)signature.Length, .. signature];
        int padding = -(4 + message.Length) & 3;
        return [.. body, (byte)'S', (byte)'G', (byte)message.Length, 0, .. message, .. new byte[padding]];
    }

    private static async Task<Dictionary<string, string>> CheckAsync(byte[] image, byte[] digest, params string[] more)
    {
        await EndToEnd.Firmware.SkipWithoutToolsAsync("host");
        string program = await Program.Value;
        (_, string output) = await DeviceProgram.RunAsync(program, "host", ["image", "digest", .. more], [("image", image), ("digest", digest)]);
        return Regex.Matches(output, "([a-z]+) (-?[0-9a-f]+)").ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value, StringComparer.Ordinal);
    }

    private static Lazy<Task<string>> Program { get; } = new(BuildAsync);

    private static async Task<string> BuildAsync()
    {
        string path = Path.Combine(EndToEnd.TestFolder.Create("cose"), "program");
        Assert.Equal("", await Emission.Compilers.RunAsync(
            "gcc",
            ["-std=c99", .. Emission.Compilers.Warnings, DeviceProgram.Sanitizers, "-I" + TestData.Repo("runtime-templates/c/runtime"), DeviceProgram.Source("cose_check.c"), .. DeviceProgram.RuntimeSources("mcu_cose", "mcu_delta", "mcu_delta_check", "mcu_delta_view", "mcu_crc32"), "-o", path]));
        return path;
    }
}
