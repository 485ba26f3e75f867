using System.Globalization;
using System.IO.Compression;
using System.Text;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;

namespace Mcu.Tests.Ingest.Numpy;

/// <summary>Files in Base64 were written by NumPy 1.24.</summary>
public class NumpyReaderTests
{
    private const string Npz = "UEsDBBQAAAAAAAAAIQBJ1ub1hgAAAIYAAAAFABQAeC5ucHkBABAAhgAAAAAAAACGAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJ3xpMScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAzKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAECAwQFUEsDBBQAAAAAAAAAIQBP6QAqmAAAAJgAAAAJABQAaW5wdXQubnB5AQAQAJgAAAAAAAAAmAAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgAAAAAAAIA/AAAAQAAAQEAAAIBAAACgQFBLAQIUAxQAAAAAAAAAIQBJ1ub1hgAAAIYAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLAQIUAxQAAAAAAAAAIQBP6QAqmAAAAJgAAAAJAAAAAAAAAAAAAACAAb0AAABpbnB1dC5ucHlQSwUGAAAAAAIAAgBqAAAAkAEAAAAA";
    private const string NpzCompressed = "UEsDBBQAAAAIAAAAIQBa6SKRbwAAAKgAAAAJABQAaW5wdXQubnB5AQAQAKgAAAAAAAAAbwAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBek2morqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgpGBpo6CrUK5AIuBkYmZhZWNnYOTi5uHl4+fgFBIWERUTFxCUkpaRlZOXkFRSVlFVU1dQBQSwECFAMUAAAACAAAACEAWukikW8AAACoAAAACQAAAAAAAAAAAAAAgAEAAAAAaW5wdXQubnB5UEsFBgAAAAABAAEANwAAAKoAAAAAAA==";

    [Theory]
    [InlineData("Float32", new double[] { -1, -0.5, 0, 0.5, 1, 1.5 }, "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIC/AAAAvwAAAAAAAAA/AACAPwAAwD8=")]
    [InlineData("Float64", new double[] { 0, 0.25, 0.5, 0.75, 1, 1.25 }, "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAANA/AAAAAAAA4D8AAAAAAADoPwAAAAAAAPA/AAAAAAAA9D8=")]
    [InlineData("Int8", new double[] { -3, -2, -1, 0, 1, 2 }, "k05VTVBZAQB2AHsnZGVzY3InOiAnfGkxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr9/v8AAQI=")]
    [InlineData("UInt8", new double[] { 250, 251, 252, 253, 254, 255 }, "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr6+/z9/v8=")]
    [InlineData("Int16", new double[] { -2500, -1500, -500, 500, 1500, 2500 }, "k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo89iT6DP70AdwFxAk=")]
    [InlineData("Int32", new double[] { -250000, -150000, -50000, 50000, 150000, 250000 }, "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIApwL/z/ELb9/7A8//9QwwAA8EkCAJDQAwA=")]
    [InlineData("Int64", new double[] { -1, 999999999999, 1999999999999, 2999999999999, 3999999999999, 4999999999999 }, "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr///////////8PpdToAAAA/x9KqdEBAAD/L+99ugIAAP8/lFKjAwAA/085J4wEAAA=")]
    [InlineData("Float32", new double[] { 0, 1, 2, 3, 4, 5 }, "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAABAQAAAgD8AAIBAAAAAQAAAoEA=")]
    public void Reads_each_type_and_both_orders(string type, double[] expected, string file)
    {
        NumpyArray array = Assert.Single(NumpyReader.Read(Convert.FromBase64String(file), "folder/x.npy"));

        Assert.Equal("x", array.Name);
        Assert.Equal(type, array.Type.ToString());
        Assert.Equal(new Shape(2, 3), array.Shape);
        Assert.Equal(expected, array.Data.Cast<object>().Select(v => Convert.ToDouble(v, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Reads_three_dimensions_in_fortran_order()
    {
        // np.asfortranarray(np.arange(24).reshape(2, 3, 4).astype('<i2'))
        byte[] file = Convert.FromBase64String("k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAwABAAQAAgAFAABAA0ABQARAAkAFQACAA4ABgASAAoAFgADAA8ABwATAAsAFwA=");

        NumpyArray array = Assert.Single(NumpyReader.Read(file, "x.npy"));

        Assert.Equal(Enumerable.Range(0, 24).Select(i => (short)i), (short[])array.Data);
    }

    [Theory]
    [InlineData("k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEAAAEBAAACAQAAAoEA=")]
    [InlineData("k05VTVBZAwB0AAAAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEAAAEBAAACAQAAAoEA=")]
    public void Reads_versions_2_and_3(string file) =>
        Assert.Equal([0f, 1, 2, 3, 4, 5], (float[])Assert.Single(NumpyReader.Read(Convert.FromBase64String(file), "x.npy")).Data);

    [Fact]
    public void Reads_a_scalar() =>
        Assert.Equal([2.5f], (float[])Assert.Single(NumpyReader.Read(Convert.FromBase64String("k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAACBA"), "x.npy")).Data);

    [Fact]
    public void Reads_stored_and_deflated_archives()
    {
        IReadOnlyList<NumpyArray> stored = NumpyReader.Read(Convert.FromBase64String(Npz), "x.npz");
        Assert.Equal(["x", "input"], stored.Select(a => a.Name));
        Assert.Equal(new sbyte[] { 0, 1, 2, 3, 4, 5 }, (sbyte[])stored[0].Data);
        Assert.Equal([0f, 1, 2, 3, 4, 5], (float[])stored[1].Data);

        NumpyArray deflated = Assert.Single(NumpyReader.Read(Convert.FromBase64String(NpzCompressed), "x.npz"));
        Assert.Equal(new Shape(2, 20), deflated.Shape);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (sbyte)i), (sbyte[])deflated.Data);
    }

    [Theory]
    [InlineData("k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAP4AAAEAAAABAQAAAQIAAAECgAAA=", "'>f4'")]
    [InlineData("k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAABAQE=", "'|b1'")]
    [InlineData("k05VTVBZAQB2AHsnZGVzY3InOiAnPGM4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAgD8AAAAAAAAAQAAAAAAAAEBAAAAAAAAAgEAAAAAAAACgQAAAAAA=", "'<c8'")]
    [InlineData("k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAA8AEAAQgBEAEU=", "'<f2'")]
    [InlineData("k05VTVBZAQB2AHsnZGVzY3InOiBbKCdhJywgJzxmNCcpXSwgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAA==", "structured")]
    [InlineData("k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqAA2NudW1weS5jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnEAY251bXB5Cm5kYXJyYXkKcQFLAIVxAkMBYnEDh3EEUnEFKEsBSwKFcQZjbnVtcHkKZHR5cGUKcQdYAgAAAE84cQiJiIdxCVJxCihLA1gBAAAAfHELTk5OSv////9K/////0s/dHEMYoldcQ0ofXEOSwFldHEPYi4=", "pickled")]
    public void Refuses_types_by_name(string file, string words)
    {
        Diagnostic error = Refused(Convert.FromBase64String(file));

        Assert.Equal("MCU0122", error.Code);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 4, "")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4, "MCU0123")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 5, "MCU0123")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", 0, "MCU0123")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483648,), }", 4, "MCU0121")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4, "MCU0121")]
    [InlineData("{'descr': '<f8', 'fortran_order': True, 'shape': (2147483647, 2147483647, 2147483647), }", 8, "MCU0123")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536, 65536, 65536, 65536, 65536, 65536, 65536, 65536), }", 4, "MCU0123")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), }", 4, "MCU0121")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}", 4, "MCU0121")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", 4, "MCU0121")]
    [InlineData("{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}", 4, "MCU0121")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", 4, "MCU0121")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1 1)}", 4, "MCU0121")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} __import__('os')", 4, "MCU0121")]
    [InlineData("{'descr: '<f4'", 4, "MCU0121")]
    [InlineData("{'descr", 4, "MCU0121")]
    [InlineData("", 4, "MCU0121")]
    public void Understands_only_the_dictionary_of_an_array(string header, int dataBytes, string code)
    {
        byte[] text = Encoding.Latin1.GetBytes(header);
        byte[] file = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, (byte)text.Length, 0, .. text, .. new byte[dataBytes]];
        if (code.Length == 0)
        {
            Assert.Single(NumpyReader.Read(file, "x.npy"));
        }
        else
        {
            Assert.Equal(code, Refused(file).Code);
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        foreach (string text in new[] { Npz, NpzCompressed, "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEAAAEBAAACAQAAAoEA=" })
        {
            byte[] file = Convert.FromBase64String(text);
            for (int length = 0; length < file.Length; length++)
            {
                Assert.StartsWith("MCU012", Refused(file[..length]).Code, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void No_bit_flip_in_packed_data_changes_a_value()
    {
        byte[] file = Convert.FromBase64String(NpzCompressed);
        int start = 30 + BitConverter.ToUInt16(file, 26) + BitConverter.ToUInt16(file, 28);
        int length = BitConverter.ToInt32(file, file.AsSpan().IndexOf("PK\x1\x2"u8) + 20);
        int harmless = 0;
        for (int bit = start * 8; bit < (start + length) * 8; bit++)
        {
            byte[] flipped = [.. file];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                // A few bits of a deflate stream decide nothing (unused codes, the rest of the last byte).
                Assert.Equal(Enumerable.Range(0, 40).Select(i => (sbyte)i), (sbyte[])Assert.Single(NumpyReader.Read(flipped, "x.npz")).Data);
                harmless++;
            }
            catch (DiagnosticException error)
            {
                Assert.StartsWith("MCU012", error.Diagnostic.Code, StringComparison.Ordinal);
            }
        }

        Assert.InRange(harmless, 0, length);
    }

    [Fact]
    public void A_zip_bomb_ends_at_the_bound()
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            using Stream entry = archive.CreateEntry("input.npy", CompressionLevel.Fastest).Open();
            var zeros = new byte[1 << 20];
            for (long written = 0; written <= NumpyReader.MaxBytes; written += zeros.Length)
            {
                entry.Write(zeros);
            }
        }

        Diagnostic error = Refused(file.ToArray());

        Assert.Equal("MCU0124", error.Code);
        Assert.Contains("more than", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_arrays_of_one_name_are_refused()
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (string name in new[] { "input.npy", "input" })
            {
                using Stream entry = archive.CreateEntry(name).Open();
                entry.Write(Convert.FromBase64String("k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAACBA"));
            }
        }

        Assert.Equal("MCU0124", Refused(file.ToArray()).Code);
    }

    [Fact]
    public void Reads_an_archive_of_the_public_data()
    {
        IReadOnlyList<NumpyArray> arrays = NumpyReader.Read(TestData.Shared("onnx/cct2_lora1/inputs.npz"));

        Assert.NotEmpty(arrays);
        Assert.All(arrays, a => Assert.Equal(a.Shape.Elements, a.Data.Length));
    }

    private static Diagnostic Refused(byte[] file) =>
        Assert.Throws<DiagnosticException>(() => NumpyReader.Read(file, "x.npy")).Diagnostic;
}
