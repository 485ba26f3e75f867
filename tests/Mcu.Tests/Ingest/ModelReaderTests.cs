using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Tests.Ingest.Tflite;

namespace Mcu.Tests.Ingest;

/// <summary>Choosing a reader, and files that cannot be read at all.</summary>
public sealed class ModelReaderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mcu-model-reader").FullName;
    private readonly DiagnosticBag notes = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("net.tflite")]
    [InlineData("net.TFLITE")]
    [InlineData("net.onnx")]
    [InlineData("net")]
    public void Tflite_is_recognised_by_content_whatever_its_extension(string name)
    {
        Graph graph = ModelReader.ReadFile(Write(name, TfliteWriter.Write(TinyTflite.Int8Network())), notes);

        Assert.Equal((name, SourceFormat.Tflite), (graph.Source.FileName, graph.Source.Format));
    }

    [Theory]
    [InlineData("net.onnx")]
    [InlineData("net.bin")]
    public void Onnx_is_recognised_by_extension_or_content(string name)
    {
        string path = Path.Combine(folder, name);
        File.Copy(TestData.Shared("onnx/mlperf-tiny/ad_fp32.onnx"), path);

        Assert.Equal(SourceFormat.Onnx, ModelReader.ReadFile(path, notes).Source.Format);
    }

    [Fact]
    public void A_missing_file_is_named() => Refused(Path.Combine(folder, "none.tflite"), "MCU0101");

    [Fact]
    public void An_empty_path_is_refused() => Refused("", "MCU0101");

    [Fact]
    public void A_path_with_a_null_character_is_refused() => Refused("a\0b.tflite", "MCU0101");

    [Fact]
    public void A_folder_is_refused() => Refused(folder, "MCU0102");

    [Fact]
    public void An_empty_file_is_refused() => Refused(Write("net.tflite", []), "MCU0103");

    [Fact]
    public void A_device_that_never_ends_is_refused()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "needs /dev/zero");
        Refused("/dev/zero", "MCU0103");
    }

    [Fact]
    public void Another_kind_of_file_is_refused() => Refused(Write("net.txt", "hello, world"u8.ToArray()), "MCU0104");

    [Fact]
    public void A_tflite_extension_on_another_kind_of_file_is_refused() => Refused(Write("net.tflite", "hello, world"u8.ToArray()), "MCU0201");

    [Fact]
    public void A_file_above_the_limit_is_refused_without_reading_it()
    {
        string path = Path.Combine(folder, "net.tflite");
        using (FileStream file = File.Create(path))
        {
            file.SetLength(InputFile.MaxModelBytes + 1);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(path, "MCU0105");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void A_link_is_followed()
    {
        string target = Write("net.tflite", TfliteWriter.Write(TinyTflite.Int8Network()));
        string link = Path.Combine(folder, "link.tflite");
        File.CreateSymbolicLink(link, target);

        Assert.Equal(6, ModelReader.ReadFile(link, notes).Nodes.Length);
    }

    [Fact]
    public void A_link_to_nothing_is_refused()
    {
        string link = Path.Combine(folder, "link.tflite");
        File.CreateSymbolicLink(link, Path.Combine(folder, "gone.tflite"));

        Refused(link, "MCU0101");
    }

    private string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private void Refused(string path, string code)
    {
        Diagnostic error = Assert.Throws<DiagnosticException>(() => ModelReader.ReadFile(path, notes)).Diagnostic;
        Assert.Equal(code, error.Code);
        Assert.NotEmpty(error.Hint);
    }
}
