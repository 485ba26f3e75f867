using System.Text;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;

namespace Mcu.Tests.Ingest.Numpy;

public sealed class SampleFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mcu-samples-").FullName;

    [Fact]
    public void Raw_bytes_are_samples_back_to_back()
    {
        string path = Write("x.bin", [1, 255, 3, 4, 128, 6]);

        IReadOnlyList<TensorValue> samples = SampleFile.Read(path, new Shape(1, 3), DataType.Int8, "input");

        Assert.Equal(2, samples.Count);
        Assert.Equal(new sbyte[] { 1, -1, 3 }, samples[0].Int8);
        Assert.Equal(new sbyte[] { 4, -128, 6 }, samples[1].Int8);
        Assert.Equal(new Shape(1, 3), samples[1].Shape);
    }

    [Fact]
    public void Raw_floats_are_little_endian()
    {
        string path = Write("x.dat", [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC1]);

        Assert.Equal([1f, -10f], Assert.Single(SampleFile.Read(path, new Shape(2), DataType.Float32, "input")).Floats);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void A_raw_file_that_is_not_whole_samples_says_both_sizes(int length)
    {
        string path = Write("x.bin", new byte[length]);

        Diagnostic error = Refused(path, new Shape(1, 3), DataType.Int8);

        Assert.Equal("MCU0126", error.Code);
        Assert.Contains($"{length} bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains("Int8 [1x3] is 3 bytes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(4, 1, 2, 3)", 4)]
    [InlineData("(4, 2, 3)", 4)]
    [InlineData("(4, 6)", 4)]
    [InlineData("(1, 2, 3)", 1)]
    [InlineData("(2, 3)", 1)]
    [InlineData("(1, 6)", 1)]
    [InlineData("(4, 3, 2)", 0)]
    [InlineData("(24,)", 0)]
    [InlineData("(2, 12)", 0)]
    [InlineData("(2, 2, 1, 2, 3)", 0)]
    public void A_numpy_array_has_the_inputs_shape_behind_a_dimension_of_samples(string shape, int samples)
    {
        int elements = shape.Trim('(', ')').Split(',', StringSplitOptions.RemoveEmptyEntries).Aggregate(1, (p, d) => p * int.Parse(d, System.Globalization.CultureInfo.InvariantCulture));
        string path = Write("x.npy", Npy("|i1", shape, [.. Enumerable.Range(0, elements).Select(i => (byte)i)]));
        if (samples == 0)
        {
            Diagnostic error = Refused(path, new Shape(1, 2, 3), DataType.Int8);
            Assert.Equal("MCU0127", error.Code);
            Assert.Contains("[1x2x3]", error.Message, StringComparison.Ordinal);
            return;
        }

        IReadOnlyList<TensorValue> read = SampleFile.Read(path, new Shape(1, 2, 3), DataType.Int8, "input");

        Assert.Equal(samples, read.Count);
        Assert.Equal(Enumerable.Range(0, elements).Select(i => (sbyte)i), read.SelectMany(s => s.Int8));
    }

    [Fact]
    public void Float64_is_rounded_and_integers_are_converted_when_they_fit()
    {
        string doubles = Write("d.npy", Npy("<f8", "(1, 2)", [.. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(-2.0)]));
        Assert.Equal([0.1f, -2f], SampleFile.Read(doubles, new Shape(1, 2), DataType.Float32, "x")[0].Floats);

        string integers = Write("i.npy", Npy("<i4", "(1, 2)", [.. BitConverter.GetBytes(-128), .. BitConverter.GetBytes(127)]));
        Assert.Equal(new sbyte[] { -128, 127 }, SampleFile.Read(integers, new Shape(1, 2), DataType.Int8, "x")[0].Int8);
    }

    [Theory]
    [InlineData("|u1", 200, DataType.Int8)]
    [InlineData("|i1", 1, DataType.Float32)]
    public void Values_of_another_type_are_refused(string type, byte value, DataType wanted)
    {
        string path = Write("x.npy", Npy(type, "(1, 1)", [value]));

        Assert.Equal("MCU0127", Refused(path, new Shape(1, 1), wanted).Code);
    }

    [Fact]
    public void Real_values_for_an_int8_input_are_refused()
    {
        string path = Write("x.npy", Npy("<f4", "(1, 1)", BitConverter.GetBytes(1f)));

        Assert.Equal("MCU0127", Refused(path, new Shape(1, 1), DataType.Int8).Code);
    }

    [Fact]
    public void Samples_that_are_not_finite_are_refused()
    {
        string path = Write("x.bin", [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(float.NaN)]);

        Diagnostic error = Refused(path, new Shape(1), DataType.Float32);

        Assert.Equal("MCU0128", error.Code);
        Assert.Contains("Sample 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_with_several_arrays_needs_one_named_like_the_input()
    {
        // np.savez(x=…int8, input=…float32), as in NumpyReaderTests.
        string path = Write("x.npz", NpzOf(("x", Npy("|i1", "(1, 2)", [1, 2])), ("input", Npy("|i1", "(1, 2)", [3, 4]))));

        Assert.Equal(new sbyte[] { 3, 4 }, Assert.Single(SampleFile.Read(path, new Shape(1, 2), DataType.Int8, "input")).Int8);
        DiagnosticException error = Assert.Throws<DiagnosticException>(() => SampleFile.Read(path, new Shape(1, 2), DataType.Int8, "other"));
        Assert.Equal("MCU0125", error.Diagnostic.Code);
        Assert.Contains("'x', 'input'", error.Diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_a_diagnostic() =>
        Assert.Equal("MCU0120", Refused(Path.Combine(folder, "none.bin"), new Shape(1), DataType.Int8).Code);

    [Fact]
    public void Reads_the_public_keyword_samples_and_labels()
    {
        IReadOnlyList<TensorValue> samples = SampleFile.Read(TestData.Shared("kws01/features.bin"), new Shape(1, 49, 10, 1), DataType.Int8, "input");
        IReadOnlyList<int> labels = LabelFile.Read(TestData.Shared("kws01/labels.csv"));

        Assert.Equal(502, samples.Count);
        Assert.Equal(502, labels.Count);
        Assert.Equal([7, 2, 6], labels.Take(3));
        Assert.InRange(labels.Max(), 0, 11);
    }

    [Fact]
    public void Labels_are_the_last_column()
    {
        string path = Write("labels.csv", "\ufeffa.wav,x,3\r\nb.wav,y,\"0\"\n11\n\n"u8.ToArray());

        Assert.Equal([3, 0, 11], LabelFile.Read(path));
    }

    [Theory]
    [InlineData("name,label\na,1\n", ":1")]
    [InlineData("a,1\nb,-2\n", ":2")]
    [InlineData("a,1\n\nb,2\n", ":2")]
    [InlineData("a,99999999999\n", ":1")]
    [InlineData("", ":1")]
    public void A_label_that_is_no_class_index_names_its_line(string text, string line)
    {
        string path = Write("labels.csv", Encoding.UTF8.GetBytes(text));

        Diagnostic error = Assert.Throws<DiagnosticException>(() => LabelFile.Read(path)).Diagnostic;

        Assert.Equal("MCU0130", error.Code);
        Assert.EndsWith(line, error.Location, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static byte[] Npy(string type, string shape, byte[] data)
    {
        byte[] header = Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n");
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header, .. data];
    }

    private static byte[] NpzOf(params (string Name, byte[] Content)[] arrays)
    {
        using var file = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(file, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in arrays)
            {
                using Stream entry = archive.CreateEntry(name + ".npy").Open();
                entry.Write(content);
            }
        }

        return file.ToArray();
    }

    private string Write(string name, byte[] content)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    private static Diagnostic Refused(string path, Shape shape, DataType type) =>
        Assert.Throws<DiagnosticException>(() => SampleFile.Read(path, shape, type, "input")).Diagnostic;
}
