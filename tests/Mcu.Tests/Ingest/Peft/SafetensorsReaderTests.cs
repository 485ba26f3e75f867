using System.Text;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Tests.Ingest.Peft;

public class SafetensorsReaderTests
{
    private const string One = """{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""";

    [Fact]
    public void Reads_the_file_that_the_crate_documents()
    {
        // The example of SafeTensors::deserialize in the documentation of the safetensors crate.
        byte[] file = [.. "<\0\0\0\0\0\0\0{\"test\":{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}"u8, .. new byte[16]];

        SafetensorsTensor tensor = Assert.Single(SafetensorsReader.Read(file, "doc"));

        Assert.Equal("test", tensor.Name);
        Assert.Equal(new Shape(2, 2), tensor.Shape);
        Assert.Equal([0, 0, 0, 0], ((Int32Data)tensor.Data).Values);
    }

    [Theory]
    [InlineData("F32", new byte[] { 0, 0, 0x80, 0x3F, 0xDB, 0x0F, 0x49, 0xC0 }, new[] { 1f, -3.14159274f })]
    [InlineData("F16", new byte[] { 0x00, 0x3C, 0x55, 0x35, 0x01, 0x00, 0xFF, 0xFB }, new[] { 1f, 0.333251953125f, 5.9604644775390625e-8f, -65504f })]
    [InlineData("BF16", new byte[] { 0x80, 0x3F, 0x49, 0x40, 0x80, 0xC2 }, new[] { 1f, 3.140625f, -64f })]
    public void Widens_float_types_by_their_bits(string type, byte[] data, float[] expected)
    {
        byte[] file = SafetensorsWriter.WithHeader($$$"""{"t":{"dtype":"{{{type}}}","shape":[{{{expected.Length}}}],"data_offsets":[0,{{{data.Length}}}]}}""", data);

        SafetensorsTensor tensor = Assert.Single(SafetensorsReader.Read(file, "file"));

        Assert.Equal(expected, ((FloatData)tensor.Data).Values.ToArray());
    }

    [Fact]
    public void Reads_integers_scalars_and_empty_tensors()
    {
        byte[] file = SafetensorsWriter.WithHeader(
            """{"b":{"dtype":"I64","shape":[],"data_offsets":[2,10]},"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"e":{"dtype":"F32","shape":[0,3],"data_offsets":[10,10]}}   """,
            [0xFF, 0x7F, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);

        IReadOnlyList<SafetensorsTensor> tensors = SafetensorsReader.Read(file, "file");

        Assert.Equal(["a", "b", "e"], tensors.Select(t => t.Name));
        Assert.Equal([-1, 127], ((Int8Data)tensors[0].Data).Values);
        Assert.Equal([-2L], ((Int64Data)tensors[1].Data).Values);
        Assert.Empty(((FloatData)tensors[2].Data).Values);
    }

    [Theory]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", 8, "MCU0414")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "MCU0414")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "MCU0414")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}}""", 4, "MCU0414")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "MCU0415")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "MCU0415")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "MCU0415")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "MCU0415")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2147483648],"data_offsets":[0,4]}}""", 4, "MCU0413")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,4]}}""", 4, "MCU0413")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4, "MCU0413")]
    [InlineData("""{"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "MCU0411")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "MCU0411")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}""", 4, "MCU0411")]
    [InlineData("""{"t":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "MCU0411")]
    [InlineData("""{"t":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "MCU0411")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1]}}""", 4, "MCU0411")]
    [InlineData("""{"t":{"shape":[1],"data_offsets":[0,4]}}""", 4, "MCU0411")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,2,4]}}""", 4, "MCU0411")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", 4, "MCU0411")]
    [InlineData("""{"t":[1]}""", 4, "MCU0411")]
    [InlineData("""{"__metadata__":{"a":1},"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "MCU0411")]
    [InlineData("""{"__metadata__":"x"}""", 0, "MCU0411")]
    [InlineData("""{"t":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", 8, "MCU0412")]
    [InlineData("""{"t":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "MCU0412")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "MCU0403")]
    [InlineData("""{"t":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "MCU0403")]
    [InlineData("""{"t":{"dtype":"\ud800","shape":[1],"data_offsets":[0,4]}}""", 4, "MCU0403")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "MCU0403")]
    [InlineData("""{"t":""", 4, "MCU0403")]
    [InlineData("""{} x""", 0, "MCU0403")]
    [InlineData(""" {}""", 0, "MCU0410")]
    [InlineData("""[]""", 0, "MCU0410")]
    [InlineData("", 4, "MCU0410")]
    public void Refuses_hostile_headers(string header, int dataBytes, string code)
    {
        DiagnosticException error = Refused(SafetensorsWriter.WithHeader(header, new byte[dataBytes]));

        Assert.Equal(code, error.Diagnostic.Code);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("""{"a":""", "}")]
    public void Refuses_json_nested_100000_deep(string open, string close)
    {
        string nested = string.Concat(Enumerable.Repeat(open, 100_000)) + "1" + string.Concat(Enumerable.Repeat(close, 100_000));

        DiagnosticException error = Refused(SafetensorsWriter.WithHeader($$"""{"t": {{nested}} }""", []));

        Assert.Equal("MCU0403", error.Diagnostic.Code);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(100UL)]
    [InlineData(1UL << 31)]
    [InlineData(ulong.MaxValue)]
    [InlineData(ulong.MaxValue - 7)]
    public void Refuses_header_lengths_beyond_the_file(ulong length)
    {
        byte[] file = [.. BitConverter.GetBytes(length), .. Encoding.UTF8.GetBytes("{}")];

        Assert.Equal("MCU0410", Refused(file).Diagnostic.Code);
    }

    [Theory]
    [InlineData("F32", 0x7FC00000u, 4, "NaN")]
    [InlineData("F32", 0xFF800000u, 4, "infinite")]
    [InlineData("F16", 0x7C00u, 2, "infinite")]
    [InlineData("BF16", 0x7F81u, 2, "NaN")]
    public void Refuses_values_that_are_not_finite_and_names_the_tensor(string type, uint bits, int size, string word)
    {
        byte[] file = SafetensorsWriter.WithHeader($$$"""{"m.lora_A.weight":{"dtype":"{{{type}}}","shape":[1],"data_offsets":[0,{{{size}}}]}}""", BitConverter.GetBytes(bits)[..size]);

        Diagnostic diagnostic = Refused(file).Diagnostic;

        Assert.Equal("MCU0416", diagnostic.Code);
        Assert.Contains("m.lora_A.weight", diagnostic.Location, StringComparison.Ordinal);
        Assert.Contains(word, diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_text_that_is_not_utf8()
    {
        byte[] file = SafetensorsWriter.WithHeader($$"""{"?": {{One}} }""", new byte[4]);
        file[Array.IndexOf(file, (byte)'?')] = 0xC3;

        Assert.Equal("MCU0403", Refused(file).Diagnostic.Code);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] file = Sample();
        for (int length = 0; length < file.Length; length++)
        {
            Assert.StartsWith("MCU04", Refused(file[..length]).Diagnostic.Code, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_bit_flip_of_length_and_header_is_read_or_refused()
    {
        byte[] file = Sample();
        int header = 8 + BitConverter.ToInt32(file, 0);
        int refused = 0;
        for (int bit = 0; bit < header * 8; bit++)
        {
            byte[] flipped = [.. file];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                // A flip inside a name gives another name; everything else must be noticed.
                Assert.Equal(3, SafetensorsReader.Read(flipped, "file").Count);
            }
            catch (DiagnosticException)
            {
                refused++;
            }
        }

        Assert.True(refused > header * 4, $"{refused} of {header * 8} flips were refused");
    }

    private static byte[] Sample() => new SafetensorsWriter()
        .Add("m.lora_A.weight", "F32", [2, 3], [1, 2, 3, 4, 5, 6])
        .Add("m.lora_B.weight", "BF16", [2, 2], [1, 2, 3, 4])
        .Add("n.bias", "I8", [3], [1, -2, 3])
        .ToBytes();

    private static DiagnosticException Refused(byte[] file) =>
        Assert.Throws<DiagnosticException>(() => SafetensorsReader.Read(file, "file"));
}
