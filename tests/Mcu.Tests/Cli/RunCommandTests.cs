using System.Text;
using System.Text.Json;
using Mcu.Emulation;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Cli;

public sealed class RunCommandTests
{
    private const int Classes = 10;

    private readonly string folder = TestFolder.Create("run");

    [Fact]
    public void With_one_adapter_it_is_active_unless_the_index_says_none()
    {
        string samples = DemoFiles.FloatSamples(2);
        string[] adapted = ["--adapter", DemoFiles.Adapter("factory-lora")];
        byte[] plain = Outputs("float", samples);
        byte[] active = Outputs("float", samples, adapted);
        Assert.NotEqual(plain, active);
        Assert.Equal(active, Outputs("float", samples, [.. adapted, "--adapter-index", "1"]));
        Assert.Equal(plain, Outputs("float", samples, [.. adapted, "--adapter-index", "0"]));
        Assert.Equal(plain, Outputs("float", samples, [.. adapted, "--adapter", DemoFiles.Adapter("accent-lora")]));
        Assert.Equal(active, Outputs("float", samples, ["--adapter", DemoFiles.Adapter("accent-lora"), .. adapted, "--adapter-index", "2"]));
    }

    [Fact]
    public void A_float_base_is_fed_and_read_in_float32_whatever_form_runs()
    {
        string samples = DemoFiles.FloatSamples(3);
        float[] real = Floats(Outputs("float", samples));
        float[] int8 = Floats(Outputs("reference", samples, "--calibration", DemoFiles.Calibration));
        Assert.Equal(3 * Classes, real.Length);
        Assert.Equal(3 * Classes, int8.Length);

        // Logits: within a tenth of their range, as an 8-bit network is; a wrong scale would be off by far more.
        float tolerance = (real.Max() - real.Min()) / 10;
        Assert.All(real.Zip(int8), pair => Assert.InRange(pair.Second, pair.First - tolerance, pair.First + tolerance));
    }

    [Theory]
    [InlineData("host", ToolKind.HostCompiler, ToolKind.HostCompiler)]
    [InlineData("qemu:cortex-m4", ToolKind.Qemu, ToolKind.ArmLibrary)]
    [InlineData("renode:cortex-m4", ToolKind.Renode, ToolKind.ArmLibrary)]
    public void Firmware_gives_the_references_bytes_and_every_figure(string on, ToolKind first, ToolKind second)
    {
        DemoFiles.Require(first, second);
        string samples = DemoFiles.FloatSamples(2);
        string output = Path.Combine(folder, "out.bin");
        string[] common = ["--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("accent-lora")];
        ToolRun run = CommandLineTests.InProcess(["run", DemoFiles.Base, "--on", on, "--input", samples, "-o", output, "--json", .. common]);
        Assert.Equal(0, run.ExitCode);
        JsonElement document = run.Json();
        JsonSchema.Load("run").Check(document);
        Assert.Equal(Outputs("reference", samples, common), File.ReadAllBytes(output));
        Assert.Equal(2, document.GetProperty("samples").GetInt32());
        Assert.Equal(output, document.GetProperty("output_file").GetString());
        Assert.Equal(on.Split(':')[^1], document.GetProperty("target").GetString());
        int arena = document.GetProperty("arena_bytes").GetInt32();
        Assert.True(arena >= DemoFiles.Elements);
        Assert.True(document.GetProperty("ram_bytes").GetInt32() >= arena);
        Assert.True(document.GetProperty("weight_bytes").GetInt32() > 0);
        Assert.True(document.GetProperty("code_bytes").GetInt32() > 0);
        JsonElement median = document.GetProperty("instructions").GetProperty("median");
        Assert.Equal(on == "host" ? JsonValueKind.Null : JsonValueKind.Number, median.ValueKind);
    }

    [Fact]
    public void A_compiled_folder_runs_with_the_adapter_of_an_index_and_takes_int8()
    {
        DemoFiles.Require(ToolKind.HostCompiler);
        string compiled = Path.Combine(folder, "net");
        string[] adapters = ["--adapter", DemoFiles.Adapter("accent-lora"), "--adapter", DemoFiles.Adapter("factory-bitfit")];
        CommandLineTests.InProcess(["compile", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--target", "host", "-o", compiled, .. adapters]);
        string samples = Path.Combine(folder, "int8.bin");
        File.WriteAllBytes(samples, File.ReadAllBytes(DemoFiles.Samples("clean"))[..(2 * DemoFiles.Elements)]);
        byte[][] outputs = [.. Enumerable.Range(0, 3).Select(index => FolderOutputs(compiled, samples, "--adapter-index", $"{index}"))];
        Assert.Equal(2 * Classes, outputs[0].Length);
        Assert.NotEqual(outputs[0], outputs[1]);
        Assert.NotEqual(outputs[1], outputs[2]);
        Assert.Equal(outputs[0], FolderOutputs(compiled, samples));
    }

    [Fact]
    public void Outputs_named_npy_are_a_numpy_array()
    {
        string output = Path.Combine(folder, "out.npy");
        CommandLineTests.InProcess("run", DemoFiles.Base, "--on", "float", "--input", DemoFiles.FloatSamples(2), "-o", output);
        byte[] file = File.ReadAllBytes(output);

        // NumPy Enhancement Proposal 1: magic, version 1.0, header length so that the data starts at a multiple of 64.
        Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0], file[..8]);
        int start = 10 + BitConverter.ToUInt16(file, 8);
        Assert.Equal(0, start % 64);
        Assert.Equal("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 10,), }", Encoding.ASCII.GetString(file, 10, start - 10).TrimEnd());
        Assert.Equal((byte)'\n', file[start - 1]);
        Assert.Equal(Outputs("float", DemoFiles.FloatSamples(2)), file[start..]);
    }

    [Theory]
    [InlineData("MCU0115", "--on", "moon")]
    [InlineData("MCU0115", "--on", "qemu:host")]
    [InlineData("MCU1086", "--on", "qemu:cortex-m99")]
    [InlineData("MCU0119", "--on", "qemu:cortex-m7", "--target", "cortex-m4")]
    [InlineData("MCU0512", "--on", "float", "--adapter-index", "1")]
    [InlineData("MCU0512", "--on", "float", "--adapter-index", "-1")]
    [InlineData("MCU0133", "--on", "float", "-o", "out.npz")]
    [InlineData("MCU0717", "--on", "reference")]
    public void A_wrong_request_is_one_diagnostic(string code, params string[] options)
    {
        ToolRun run = CommandLineTests.InProcess(["run", DemoFiles.Base, "--input", DemoFiles.FloatSamples(1), "--json", .. options]);
        Assert.Equal(1, run.ExitCode);
        JsonSchema.Load("error").Check(run.Json());
        Assert.Equal(code, run.Json().GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("MCU0116", "--on", "float")]
    [InlineData("MCU0139", "--on", "host", "--optimize", "ram")]
    [InlineData("MCU1080", "--on", "host")]
    public void A_folder_is_refused_where_it_makes_no_sense(string code, params string[] options)
    {
        ToolRun run = CommandLineTests.InProcess(["run", folder, "--input", DemoFiles.FloatSamples(1), .. options]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(code, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_input_that_is_no_whole_sample_is_refused_with_the_size_expected()
    {
        string input = Path.Combine(folder, "short.bin");
        File.WriteAllBytes(input, new byte[(DemoFiles.Elements * 4) - 1]);
        ToolRun run = CommandLineTests.InProcess("run", DemoFiles.Base, "--on", "float", "--input", input);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU0126", run.Error, StringComparison.Ordinal);
        Assert.Contains("1960", run.Error, StringComparison.Ordinal);
    }

    /// <summary>A file that exists and would fail when it is read, for root too: address 0 of a process is not mapped.</summary>
    [Fact]
    public void An_input_that_is_no_regular_file_is_not_read()
    {
        const string input = "/proc/self/mem";
        Assert.SkipUnless(File.Exists(input), "needs /proc");
        ToolRun run = CommandLineTests.InProcess("run", DemoFiles.Base, "--on", "float", "--input", input);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"{input}: error MCU0126:", run.Error, StringComparison.Ordinal);
    }

    private static float[] Floats(byte[] bytes) => [.. Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToSingle(bytes, i * 4))];

    private byte[] Outputs(string on, string samples, params string[] more)
    {
        string output = Path.Combine(folder, $"{Guid.NewGuid():N}.bin");
        ToolRun run = CommandLineTests.InProcess(["run", DemoFiles.Base, "--on", on, "--input", samples, "-o", output, .. more]);
        Assert.True(run.ExitCode == 0, run.Error);
        return File.ReadAllBytes(output);
    }

    private byte[] FolderOutputs(string compiled, string samples, params string[] more)
    {
        string output = Path.Combine(folder, $"{Guid.NewGuid():N}.bin");
        ToolRun run = CommandLineTests.InProcess(["run", compiled, "--on", "host", "--input", samples, "-o", output, .. more]);
        Assert.True(run.ExitCode == 0, run.Error);
        return File.ReadAllBytes(output);
    }
}
