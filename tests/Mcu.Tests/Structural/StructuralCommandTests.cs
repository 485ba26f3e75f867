using System.Text.Json;
using Mcu.Emulation;
using Mcu.Generator;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Structural;

/// <summary>The commands with an adapter that adds nodes.</summary>
public sealed class StructuralCommandTests
{
    private static readonly CompileOptions Tiny = TinyTransformer.Options();

    private readonly string folder = TestFolder.Create("structural-cli");

    [Theory]
    [InlineData("serial")]
    [InlineData("prefix")]
    [InlineData("prompt")]
    public void Run_gives_one_answer_in_every_form(string name)
    {
        DemoFiles.Require(ToolKind.HostCompiler, ToolKind.Qemu, ToolKind.ArmLibrary);
        string adapter = TinyTransformer.Of(name).Write();

        byte[] expected = Outputs("reference", adapter, 1);

        Assert.NotEqual(Outputs("reference", adapter, 0), expected);
        Assert.Equal(expected, Outputs("host", adapter, 1));
        Assert.Equal(expected, Outputs("qemu:cortex-m4", adapter, 1));
    }

    [Fact]
    public void Verify_and_eval_take_the_network_of_its_own()
    {
        DemoFiles.Require(ToolKind.HostCompiler, ToolKind.Qemu, ToolKind.ArmLibrary);
        string adapter = TinyTransformer.Of("parallel").Write();
        string labels = Path.Combine(folder, "labels.csv");
        File.WriteAllLines(labels, Enumerable.Range(0, 20).Select(i => $"{i % 4}"));

        ToolRun verified = Run("verify", Tiny.BasePath, "--on", "host", "--on", "qemu:cortex-m4", "--adapter", adapter);
        double[] accuracies = [.. new[] { "reference", "host" }.Select(on =>
            Run("eval", Tiny.BasePath, "--on", on, "--adapter", adapter, "--data", Tiny.CalibrationPath!, "--labels", labels).Json().GetProperty("accuracy").GetDouble())];

        Assert.True(verified.Json().GetProperty("passed").GetBoolean());
        Assert.Equal(accuracies[0], accuracies[1]);
    }

    /// <summary>The same firmware as in the benchmark, so the same instructions.</summary>
    [Fact]
    public void Measured_figures_of_the_report_are_the_benchmarks()
    {
        DemoFiles.Require(ToolKind.Qemu, ToolKind.ArmLibrary);
        string adapter = TinyTransformer.Of("together").Write();

        JsonElement report = Run("compile", Tiny.BasePath, "--adapter", adapter, "--measure", "-o", Path.Combine(folder, "net")).Json();
        JsonElement[] rows = [.. Run("bench", Tiny.BasePath, "--adapters", "--adapter", adapter).Json().GetProperty("adapters").EnumerateArray()];

        JsonSchema.Load("compile").Check(report);
        Assert.Equal(["bottleneck", "prefix", "prompt"], report.GetProperty("adapters")[0].GetProperty("methods").EnumerateArray().Select(m => m.GetString()));
        JsonElement measured = report.GetProperty("measured");
        Assert.Equal("qemu:cortex-m4", measured.GetProperty("on").GetString());
        Assert.Equal(rows[0].GetProperty("instructions").GetInt64(), measured.GetProperty("instructions").GetInt64());
        JsonElement own = measured.GetProperty("adapters")[0];
        Assert.Equal(rows[1].GetProperty("extra_instructions").GetInt64(), own.GetProperty("extra_instructions").GetInt64());
        Assert.Equal(rows[1].GetProperty("code_bytes").GetInt32(), own.GetProperty("extra_code_bytes").GetInt32());
        Assert.True(own.GetProperty("extra_code_bytes").GetInt32() > 0);
        Assert.Contains("qemu:cortex-m4", File.ReadAllText(Path.Combine(folder, "net", "report.html")), StringComparison.Ordinal);
    }

    /// <summary>The same of adapters that change weights: beside the layer, and biases.</summary>
    [Fact]
    public void So_are_those_of_adapters_that_change_weights()
    {
        DemoFiles.Require(ToolKind.Qemu, ToolKind.ArmLibrary);
        string[] words = [DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--json", "--adapter", DemoFiles.Adapter("factory-lora"), "--adapter", DemoFiles.Adapter("factory-bitfit")];
        JsonElement measured = CommandLineTests.InProcess(["compile", .. words, "--measure", "-o", Path.Combine(folder, "demo")]).Json().GetProperty("measured");
        JsonElement[] rows = [.. CommandLineTests.InProcess(["bench", .. words, "--adapters"]).Json().GetProperty("adapters").EnumerateArray()];

        Assert.Equal(rows[0].GetProperty("instructions").GetInt64(), measured.GetProperty("instructions").GetInt64());
        long[] extra = [.. measured.GetProperty("adapters").EnumerateArray().Select(a => a.GetProperty("extra_instructions").GetInt64())];
        Assert.Equal([Extra(rows, "factory-lora", "side"), Extra(rows, "factory-bitfit", "")], extra);
        Assert.True(extra[0] > 500_000 && Math.Abs(extra[1]) < 1_000, $"{extra[0]}, {extra[1]}");
    }

    /// <summary>The benchmark's row of an adapter, in the mode where it has several.</summary>
    private static long Extra(JsonElement[] rows, string adapter, string mode) =>
        rows.First(r => r.GetProperty("adapter").GetString() == adapter && r.GetProperty("form").GetString()!.Contains(mode, StringComparison.Ordinal)).GetProperty("extra_instructions").GetInt64();

    private byte[] Outputs(string on, string adapter, int index)
    {
        string output = Path.Combine(folder, $"{on.Replace(':', '-')}-{index}.bin");
        Run("run", Tiny.BasePath, "--on", on, "--adapter", adapter, "--adapter-index", $"{index}", "--input", Tiny.CalibrationPath!, "-o", output);
        return File.ReadAllBytes(output);
    }

    private static ToolRun Run(params string[] words)
    {
        ToolRun run = CommandLineTests.InProcess([.. words, "--calibration", Tiny.CalibrationPath!, "--json"]);
        Assert.True(run.ExitCode == 0, run.Output);
        return run;
    }
}
