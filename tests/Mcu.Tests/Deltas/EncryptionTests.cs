using Mcu.Generator.Deltas.Security;
using Mcu.Generator.Diagnostics;
using Mcu.Tests.EndToEnd;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace Mcu.Tests.Deltas;

/// <summary>COSE_Encrypt0 around an image.</summary>
public sealed class EncryptionTests
{
    private static readonly byte[] Plain = [.. Enumerable.Range(0, 300).Select(i => (byte)i)];

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    public void What_is_encrypted_is_decrypted(int keyBytes)
    {
        byte[] key = [.. Enumerable.Range(1, keyBytes).Select(i => (byte)i)];

        Assert.Equal(Plain, DeltaEncryption.Decrypt(DeltaEncryption.Encrypt(Plain, key, [7]), key, "x"));
        Assert.NotEqual(DeltaEncryption.Encrypt(Plain, key, [7]), DeltaEncryption.Encrypt(Plain, key, [7]));
    }

    /// <summary>Layout and Enc_structure of RFC 9052 section 5.3 by hand; AES-GCM of another library.</summary>
    [Fact]
    public void Another_implementation_decrypts_it()
    {
        byte[] key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
        byte[] message = DeltaEncryption.Encrypt(Plain, key, [0xAB]);
        Assert.Equal("D08343A10103A20441AB054C", Convert.ToHexString(message.AsSpan(0, 12)));
        byte[] iv = message[12..24];
        Assert.Equal("59013C", Convert.ToHexString(message.AsSpan(24, 3)));
        byte[] additional = [0x83, 0x68, .. "Encrypt0"u8, 0x43, 0xA1, 0x01, 0x03, 0x40];
        var cipher = new GcmBlockCipher(new AesEngine());
        cipher.Init(false, new AeadParameters(new KeyParameter(key), 128, iv, additional));
        byte[] output = new byte[cipher.GetOutputSize(message.Length - 27)];
        int length = cipher.ProcessBytes(message, 27, message.Length - 27, output, 0);
        length += cipher.DoFinal(output, length);

        Assert.Equal(Plain, output[..length]);
    }

    [Fact]
    public void Every_changed_byte_and_every_truncation_is_refused()
    {
        byte[] key = new byte[16];
        byte[] message = DeltaEncryption.Encrypt(Plain, key, [1]);
        for (int at = 0; at < message.Length; at++)
        {
            byte[] mutant = [.. message];
            mutant[at] ^= 1;

            // The key id is for finding the key; it is not authenticated.
            if (at != 9)
            {
                Refused(mutant, key);
            }

            Refused(message[..at], key);
        }

        Refused(message, [.. Enumerable.Repeat((byte)1, 16)]);
        Refused(message, new byte[32]);
        Refused([.. message, 0], key);
    }

    [Theory]
    [InlineData("00112233445566778899AABBCCDDEEFF\n", 16)]
    [InlineData("0123456789abcdef", 16)]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 32)]
    public void Keys_are_read_raw_or_in_hexadecimal(string text, int bytes) => Assert.Equal(bytes, DeltaEncryption.LoadKey(Write(text)).Length);

    [Theory]
    [InlineData("0011")]
    [InlineData("no key at all")]
    public void A_key_of_another_length_is_refused(string text) =>
        Assert.Equal("MCU1216", Assert.Throws<DiagnosticException>(() => DeltaEncryption.LoadKey(Write(text))).Diagnostic.Code);

    private static string Write(string text)
    {
        string path = Path.Combine(TestFolder.Create("secret"), "key");
        File.WriteAllText(path, text);
        return path;
    }

    private static void Refused(byte[] message, byte[] key) =>
        Assert.Equal("MCU1220", Assert.Throws<DiagnosticException>(() => DeltaEncryption.Decrypt(message, key, "x")).Diagnostic.Code);
}
