using System.Buffers.Binary;
using System.IO.Hashing;
using CsCheck;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tests.Deltas;

/// <summary>Images that are damaged, hostile, or for another network: one diagnostic each, never another image.</summary>
public sealed class DeltaHostileTests
{
    private static readonly byte[][] Bodies = [DeltaWriter.Write(TinyDelta.Image(0), TinyDelta.Shape(0)), DeltaWriter.Write(TinyDelta.Image(1), TinyDelta.Shape(1))];

    public static TheoryData<int> Packings => [0, 1];

    [Fact]
    public void Any_image_is_read_as_it_was_written()
    {
        AnyDelta.Image.Sample(
            c => DeltaReader.Read(DeltaFile.Parse(DeltaWriter.Write(c.Image, c.Shape), "x"), c.Shape) == c.Image, iter: 2000);
    }

    /// <summary>The CRC finds every change of one byte; a changed trailer leaves the image itself equal or is refused.</summary>
    [Theory]
    [MemberData(nameof(Packings))]
    public void Every_change_of_one_byte_is_refused_or_harmless(int packing)
    {
        byte[] file = DeltaTrailer.Write(Bodies[packing], [0xD2, 0x84, 1, 2, 3]);
        DeltaImage image = TinyDelta.Image(packing);
        for (int at = 0; at < file.Length; at++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] mutant = [.. file];
                mutant[at] = (byte)value;
                Assert.True(Refused(mutant, packing, out DeltaImage? read) || read == image, $"byte {at} = {value}");
            }
        }
    }

    /// <summary>With the CRC made right again, what is accepted still computes within the format's rules: it is written back as a whole.</summary>
    [Theory]
    [MemberData(nameof(Packings))]
    public void Every_change_of_one_byte_under_a_right_crc_is_refused_or_a_valid_image(int packing)
    {
        for (int at = 0; at < Bodies[packing].Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] mutant = Fixed(Bodies[packing], body => body[at] ^= (byte)(1 << bit));
                if (!Refused(mutant, packing, out DeltaImage? read))
                {
                    Assert.Equal(read, DeltaReader.Read(DeltaFile.Parse(DeltaWriter.Write(read!, TinyDelta.Shape(packing)), "x"), TinyDelta.Shape(packing)));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Packings))]
    public void Every_truncation_and_every_longer_file_is_refused(int packing)
    {
        for (int length = 0; length < Bodies[packing].Length; length++)
        {
            Assert.True(Refused(Bodies[packing][..length], packing, out _), $"{length} bytes");
        }

        for (int extra = 1; extra < 9; extra++)
        {
            Assert.True(Refused([.. Bodies[packing], .. new byte[extra]], packing, out _), $"{extra} more bytes");
        }
    }

    [Theory]
    [InlineData("MCU1201", 0, (byte)'N')]
    [InlineData("MCU1202", 4, 2)]
    [InlineData("MCU1202", 5, 1)]
    [InlineData("MCU1202", 62, 1)]
    [InlineData("MCU1202", 63, 128)]
    [InlineData("MCU1203", 8, 1)]
    [InlineData("MCU1203", 11, 1)]
    [InlineData("MCU1203", 61, 255)]
    [InlineData("MCU1207", 16, 1)]
    [InlineData("MCU1208", 32, 1)]
    public void A_wrong_field_of_the_header_has_its_own_code(string code, int at, byte value) =>
        Assert.Equal(code, CodeOf(Fixed(Bodies[0], body => body[at] = value), 0));

    /// <summary>Offsets in the body of packing 0: directory at 88, records at 100 (first), 124 (second), 184 (third), 240 (first layer normalisation).</summary>
    [Theory]
    [InlineData("MCU1205", 88, 0)] // the first record belongs to nobody
    [InlineData("MCU1205", 88, 26)] // a record that starts inside the first
    [InlineData("MCU1205", 90, 25)] // two layers share a record
    [InlineData("MCU1205", 92, 255)] // behind the body's end
    [InlineData("MCU1205", 98, 1)] // padding of the directory
    [InlineData("MCU1206", 100, 0)] // no section
    [InlineData("MCU1206", 100, 0x20 + 17)] // an unknown bit
    [InlineData("MCU1206", 100, 1)] // differences without SPARSE
    [InlineData("MCU1206", 100, 17 + 128)] // MORE without LORA
    [InlineData("MCU1206", 101, 1)] // a rank without LORA
    [InlineData("MCU1206", 102, 5)] // half a pair
    [InlineData("MCU1206", 102, 0)] // SPARSE without differences
    [InlineData("MCU1206", 102, 200)] // differences beyond the record
    [InlineData("MCU1206", 116, 15)] // a position outside the layer
    [InlineData("MCU1206", 124, 4)] // WEIGHTS alone
    [InlineData("MCU1206", 124, 8 + 7)] // LORA in a depthwise layer
    [InlineData("MCU1206", 143, 0x80)] // a negative multiplier
    [InlineData("MCU1206", 152, 32)] // a shift beyond 31
    [InlineData("MCU1206", 155, 1)] // padding of a section
    [InlineData("MCU1206", 185, 0)] // LORA of rank 0
    [InlineData("MCU1206", 185, 2)] // a rank that the record has no room for
    [InlineData("MCU1206", 240, 5)] // a layer normalisation's bytes that its sections do not need
    [InlineData("MCU1206", 241, 1)] // a rank in it
    [InlineData("MCU1206", 267, 0x80)] // its negative multiplier
    [InlineData("MCU1206", 268, 32)] // its shift beyond 31
    [InlineData("MCU1206", 269, 1)] // a second shift
    [InlineData("MCU1206", 282, 1)] // padding of gamma
    [InlineData("MCU1206", 294, 1)] // and of the other one's: three values, two bytes
    public void A_broken_rule_has_its_own_code(string code, int at, byte value) =>
        Assert.Equal(code, CodeOf(Fixed(Bodies[0], body => body[at] = value), 0));

    /// <summary>Both layer normalisations; the sections are read before what they hold.</summary>
    [Theory]
    [InlineData(8, 1, 0, "only matrix layers have low-rank terms")]
    [InlineData(16, 0, 2, "a layer normalisation has no differences")]
    public void A_layer_normalisation_has_nothing_that_adds(byte section, byte rank, byte sparseBytes, string why)
    {
        foreach (int at in (int[])[240, 284])
        {
            byte[] mutant = Fixed(Bodies[0], body => (body[at], body[at + 1], body[at + 2]) = ((byte)(body[at] | section), rank, sparseBytes));
            DiagnosticException refusal = Assert.Throws<DiagnosticException>(() => DeltaReader.Read(DeltaFile.Parse(mutant, "x"), TinyDelta.Shape(0)));

            Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Start_values_of_a_term_that_are_not_those_of_its_rows_are_refused()
    {
        // The zero point of the last layer is 0, so its start values are too: the word behind the multiplier at 188.
        Assert.Equal("MCU1206", CodeOf(Fixed(Bodies[0], body => body[192] = 1), 0));
    }

    /// <summary>Packing 1 has all the refusals of packing 0 and those of padded rows and columns.</summary>
    [Fact]
    public void Padding_inside_a_packed_matrix_is_refused_unless_zero() => Assert.True(Refusals(1) > Refusals(0));

    [Theory]
    [InlineData("53", "MCU1210")]
    [InlineData("53470400", "MCU1210")]
    [InlineData("53470100AA000001", "MCU1210")]
    [InlineData("53470000", "MCU1210")]
    [InlineData("58470100AA000000", "MCU1210")]
    public void A_trailer_that_is_no_signature_is_refused(string hex, string code) =>
        Assert.Equal(code, CodeOf([.. Bodies[0], .. Convert.FromHexString(hex)], 0));

    [Fact]
    public void Sums_of_differences_beyond_int16_are_refused()
    {
        // 300 times -128 at one weight, as pairs of gap 0.
        byte[] stream = [.. Enumerable.Repeat(new byte[] { 0, 0x80 }, 300).SelectMany(p => p)];

        Assert.Null(DeltaSparse.Read(stream, 3, 5));
        Assert.NotNull(DeltaSparse.Read(stream.AsSpan(0, 400), 3, 5));
    }

    private static int Refusals(int packing) =>
        Enumerable.Range(0, Bodies[packing].Length).Count(at => CodeOf(Fixed(Bodies[packing], b => b[at] ^= 0x40), packing) == "MCU1206");

    private static byte[] Fixed(byte[] body, Action<byte[]> change)
    {
        byte[] mutant = [.. body];
        change(mutant);
        BinaryPrimitives.WriteUInt32LittleEndian(mutant.AsSpan(12), Crc32.HashToUInt32([.. mutant[..12], .. mutant[16..]]));
        return mutant;
    }

    private static bool Refused(byte[] file, int packing, out DeltaImage? image)
    {
        try
        {
            image = DeltaReader.Read(DeltaFile.Parse(file, "x"), TinyDelta.Shape(packing));
            return false;
        }
        catch (DiagnosticException)
        {
            image = null;
            return true;
        }
    }

    private static string CodeOf(byte[] file, int packing)
    {
        try
        {
            DeltaReader.Read(DeltaFile.Parse(file, "x"), TinyDelta.Shape(packing));
            return "";
        }
        catch (DiagnosticException e)
        {
            return e.Diagnostic.Code;
        }
    }
}
