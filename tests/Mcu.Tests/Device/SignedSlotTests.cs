using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mcu.Generator.Deltas;
using Mcu.Generator.Deltas.Security;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.Deltas;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Device;

/// <summary>
/// Slots that trust by COSE_Sign1 and the PSA Crypto API, with the callbacks as the manual prints them, against Mbed TLS where it is
/// installed (libmbedtls-dev).
/// </summary>
public sealed class SignedSlotTests
{
    private static readonly byte[] KeyId = [1, 2, 3, 4, 5, 6, 7, 8];

    [Fact]
    public async Task A_signed_image_is_installed_and_runs()
    {
        int[] statuses = await InstallAsync(Signed(TestKeys.P256(), KeyId));

        Assert.Equal([0, 1, 0, 2, 0], statuses);
    }

    [Theory]
    [InlineData("unsigned", 60)]
    [InlineData("another key's id", 64)]
    [InlineData("another algorithm", 64)]
    [InlineData("another signature", 64)]
    [InlineData("another body", 64)]
    public async Task What_is_not_signed_by_a_trusted_key_is_not_installed(string what, int reason)
    {
        byte[] good = Signed(TestKeys.P256(), KeyId);
        byte[] image = what switch
        {
            "unsigned" => Body(),
            "another key's id" => Signed(TestKeys.P256(), [8, 7, 6, 5, 4, 3, 2, 1]),
            "another algorithm" => Signed(TestKeys.Ed25519(), KeyId),
            "another signature" => Changed(good, good.Length - 5),
            _ => WithOtherNumber(good),
        };

        int[] statuses = await InstallAsync(image);

        Assert.Equal([reason, 0, 40, 0, -1], statuses);
    }

    private static async Task<int[]> InstallAsync(byte[] image)
    {
        await Firmware.SkipWithoutToolsAsync("host");
        Assert.SkipUnless(File.Exists("/usr/include/psa/crypto.h"), "needs Mbed TLS (libmbedtls-dev)");
        string program = await Program.Value;
        byte[] point = [.. Convert.FromHexString("04" + TestKeys.P256PublicPoint)];
        (string folder, _) = await DeviceProgram.RunAsync(program, "host", ["0"], [("image.bin", image), ("key.bin", point), ("kid.bin", KeyId)]);
        return MemoryMarshal.Cast<byte, int>(await File.ReadAllBytesAsync(Path.Combine(folder, "stat.bin"), TestContext.Current.CancellationToken)).ToArray();
    }

    private static Lazy<Task<string>> Program { get; } = new(async () =>
    {
        string folder = TestFolder.Create("psa");
        await File.WriteAllTextAsync(Path.Combine(folder, "psa_callbacks.h"), Callbacks());
        string emitted = Firmware.Write(Firmware.Emit(DeltaCase.Of("demo", KernelSet.Portable).Model.Base, "host", deltas: new DeltaSupport(2, 8)));
        return await DeviceProgram.BuildModelAsync(
            "slots_signed.c", emitted, "host", DeviceProgram.Sanitizers, "-fno-sanitize-recover=all", "-I" + folder, TestData.Repo("runtime-templates/c/flash/mcu_flash_ram.c"), "-lmbedcrypto");
    });

    /// <summary>The manual's C for the PSA Crypto API.</summary>
    private static string Callbacks()
    {
        string manual = File.ReadAllText(TestData.Repo("docs/DELTAS-DEVICE.md"));
        return Regex.Matches(manual, "```c\n(.*?)```", RegexOptions.Singleline).Select(m => m.Groups[1].Value).Single(block => block.Contains("psa_verify_message", StringComparison.Ordinal));
    }

    private static byte[] Body()
    {
        DeltaCase source = DeltaCase.Of("demo", KernelSet.Portable);
        return source.Bytes(source.Pack(source.Model.Adapters[0], AdapterModeChoice.Auto));
    }

    private static byte[] Signed(PrivateKey key, byte[] keyId)
    {
        byte[] body = Body();
        return DeltaTrailer.Write(body, CoseSign1.Sign(key, keyId, SHA256.HashData(body)));
    }

    private static byte[] Changed(byte[] image, int at)
    {
        byte[] changed = [.. image];
        changed[at] ^= 1;
        return changed;
    }

    /// <summary>The body's version is changed and its CRC made right again; the signature is the old one.</summary>
    private static byte[] WithOtherNumber(byte[] signed)
    {
        byte[] changed = Changed(signed, 52);
        BitConverter.GetBytes(DeltaFile.Checksum(changed.AsSpan(0, Body().Length))).CopyTo(changed, 12);
        return changed;
    }
}
