using System.Text.Json;
using Mcu.Emulation;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Cli;

/// <summary>Commands that look at models and measure them: inspect, verify, bench, targets, doctor, demo.</summary>
public sealed class ReportCommandTests
{
    [Fact]
    public void Inspect_shows_the_layers_of_a_model()
    {
        JsonElement document = Valid("inspect", "inspect", DemoFiles.Base);
        JsonElement model = document.GetProperty("model");
        Assert.Equal("onnx", model.GetProperty("format").GetString());
        Assert.Equal(DemoFiles.Elements, Assert.Single(model.GetProperty("inputs").EnumerateArray()).GetProperty("shape").EnumerateArray().Aggregate(1, (product, dim) => product * dim.GetInt32()));
        Assert.Contains(model.GetProperty("nodes").EnumerateArray(), node => node.GetProperty("operator").GetString() == "conv2d" && node.GetProperty("macs").GetInt64() > 0);
    }

    /// <summary>Rank and alpha as in adapter_config.json: r 4, alpha 8, so the scale is 2.</summary>
    [Fact]
    public void Inspect_shows_the_modules_of_an_adapter()
    {
        JsonElement adapter = Valid("inspect", "inspect", DemoFiles.Adapter("accent-lora")).GetProperty("adapter");
        JsonElement[] modules = [.. adapter.GetProperty("modules").EnumerateArray()];
        Assert.Equal(5, modules.Length);
        Assert.All(modules, module => Assert.Equal(4, module.GetProperty("rank").GetInt32()));
        Assert.All(modules, module => Assert.Equal(2.0, module.GetProperty("scale").GetDouble()));
    }

    [Fact]
    public void Inspect_shows_a_compiled_folder()
    {
        string place = Path.Combine(TestFolder.Create("inspect"), "net");
        CommandLineTests.InProcess("compile", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("accent-lora"), "--name", "words", "-o", place);
        JsonElement compiled = Valid("inspect", "inspect", place).GetProperty("compiled");
        Assert.Equal("words", compiled.GetProperty("name").GetString());
        Assert.Equal(["NONE", "accent-lora"], compiled.GetProperty("adapters").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void Inspect_of_something_else_is_a_diagnostic()
    {
        Assert.Equal(1, CommandLineTests.InProcess("inspect", TestFolder.Create("empty")).ExitCode);
        Assert.Equal(1, CommandLineTests.InProcess("inspect", DemoFiles.Labels("clean")).ExitCode);
        Assert.Equal(1, CommandLineTests.InProcess("inspect", "no-such-thing").ExitCode);
    }

    [Fact]
    public void Verify_compares_every_node_with_onnx_runtime()
    {
        JsonElement document = Valid("verify", "verify", DemoFiles.Base, "--calibration", DemoFiles.Calibration);
        Assert.True(document.GetProperty("passed").GetBoolean());
        Assert.Equal(2, document.GetProperty("checks").GetArrayLength());
        Assert.InRange(document.GetProperty("quantization").GetProperty("top1_agreement").GetDouble(), 0.9, 1.0);
    }

    [Fact]
    public void Verify_exits_4_when_a_twin_has_other_weights()
    {
        string twin = Path.Combine(TestFolder.Create("twin"), "twin.onnx");
        File.WriteAllBytes(twin, WithChangedWeights(File.ReadAllBytes(DemoFiles.Base)));
        ToolRun run = CommandLineTests.InProcess("verify", DemoFiles.Base, "--twin", twin, "--json");
        Assert.Equal(4, run.ExitCode);
        JsonElement document = run.Json();
        JsonSchema.Load("verify").Check(document);
        Assert.False(document.GetProperty("passed").GetBoolean());
        JsonElement failed = Assert.Single(document.GetProperty("checks").EnumerateArray(), check => !check.GetProperty("passed").GetBoolean());
        Assert.NotEmpty(failed.GetProperty("failures").EnumerateArray());
    }

    [Fact]
    public void Verify_compares_firmware_with_the_reference_for_the_base_and_each_adapter()
    {
        DemoFiles.Require(ToolKind.HostCompiler);
        JsonElement document = Valid(
            "verify", "verify", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("factory-lora"), "--on", "host");
        Assert.Equal(4, document.GetProperty("checks").GetArrayLength());
        Assert.True(document.GetProperty("passed").GetBoolean());
    }

    [Fact]
    public void Bench_puts_a_baseline_of_the_same_core_and_model_beside_each_row()
    {
        DemoFiles.Require(ToolKind.ArmCompiler, ToolKind.ArmLibrary, ToolKind.Qemu);
        string baseline = Path.Combine(TestFolder.Create("bench"), "baseline.json");
        File.WriteAllText(baseline, """
            { "runs": [
              { "model": "kws", "cpu": "cortex-m4f (x)", "kernels": "tflm+cmsis_nn", "opt": "core -Os, rest", "instructions": 1000, "arena_bytes": 7 },
              { "model": "kws", "cpu": "cortex-m4f (x)", "kernels": "tflm+ref", "opt": "core -Os, rest", "instructions": 1 } ] }
            """);
        JsonElement row = Valid("bench", "bench", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--baseline", baseline, "--on", "qemu:cortex-m4")
            .GetProperty("rows").EnumerateArray().Single();
        long instructions = row.GetProperty("instructions").GetInt64();
        Assert.True(instructions > 1000);
        Assert.Equal(instructions / 1000.0, row.GetProperty("instructions_to_baseline").GetDouble());
        Assert.Equal((double)instructions / row.GetProperty("macs").GetInt64(), row.GetProperty("instructions_per_mac").GetDouble());
        Assert.Equal(7, row.GetProperty("baseline").GetProperty("arena_bytes").GetInt64());
    }

    [Fact]
    public void Bench_prints_markdown()
    {
        DemoFiles.Require(ToolKind.HostCompiler);
        ToolRun run = CommandLineTests.InProcess("bench", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--on", "host", "--markdown");
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("| model | target | instructions |", lines[0], StringComparison.Ordinal);
        Assert.Equal(lines[0].Count(c => c == '|'), lines[2].Count(c => c == '|'));
    }

    /// <summary>Side paths alone take multiply-accumulates; tables alone take no instructions but those that depend on the data.</summary>
    [Fact]
    public void Bench_measures_what_each_adapter_costs_over_the_base()
    {
        DemoFiles.Require(ToolKind.ArmCompiler, ToolKind.ArmLibrary, ToolKind.Qemu);
        JsonElement document = Valid("bench", "bench", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapters", "--adapter", DemoFiles.Adapter("factory-bitfit"), "--adapter", DemoFiles.Adapter("factory-lora"));
        JsonElement[] rows = [.. document.GetProperty("adapters").EnumerateArray()];

        Assert.Equal(["", "factory-bitfit", "factory-lora", "factory-lora"], rows.Select(r => r.GetProperty("adapter").GetString()));
        Assert.Equal(["lora"], rows[2].GetProperty("methods").EnumerateArray().Select(m => m.GetString()));
        Assert.Equal([0L, 0L], rows.Take(2).Select(r => r.GetProperty("extra_macs").GetInt64()));
        Assert.InRange(rows[1].GetProperty("extra_instructions").GetInt64(), -2000, 2000);
        Assert.True(rows[2].GetProperty("extra_macs").GetInt64() > 0);
        Assert.True(rows[2].GetProperty("extra_instructions").GetInt64() > rows[2].GetProperty("extra_macs").GetInt64() / 2);
        Assert.True(rows[2].GetProperty("flash_bytes").GetInt32() < rows[3].GetProperty("flash_bytes").GetInt32());
    }

    [Theory]
    [InlineData("--adapters")]
    [InlineData("--methods", "0")]
    [InlineData("--methods", "257")]
    public void Bench_without_an_adapter_to_measure_is_a_diagnostic(params string[] options)
    {
        ToolRun run = CommandLineTests.InProcess(["bench", DemoFiles.Base, .. options]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU0137", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"runs\": 3}")]
    [InlineData("[")]
    [InlineData("null")]
    public void A_damaged_baseline_is_a_diagnostic(string text)
    {
        string baseline = Path.Combine(TestFolder.Create("bench"), "baseline.json");
        File.WriteAllText(baseline, text);
        ToolRun run = CommandLineTests.InProcess("bench", DemoFiles.Base, "--baseline", baseline);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU0140", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Targets_and_doctor_follow_their_schemas()
    {
        Valid("targets", "targets");
        JsonSchema.Load("doctor").Check(CommandLineTests.InProcess("doctor", "--json").Json());
    }

    [Fact]
    public void A_users_target_is_listed()
    {
        string folder = TestFolder.Create("targets");
        Directory.CreateDirectory(Path.Combine(folder, "mine"));
        string text = File.ReadAllText(TestData.Repo("targets/cortex-m4/target.json")).Replace("\"cortex-m4\",\n  \"desc", "\"mine\",\n  \"desc", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "mine", "target.json"), text);
        IEnumerable<string?> names = Valid("targets", "targets", "--target-folder", folder).GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("name").GetString());
        Assert.Contains("mine", names);
    }

    /// <summary>The accuracies of the float form were computed by other programs when the demo was made.</summary>
    [Fact]
    public void Demo_runs_base_and_adapters_in_the_emulator_and_predicts_what_the_reference_predicts()
    {
        DemoFiles.Require(ToolKind.ArmCompiler, ToolKind.ArmLibrary, ToolKind.Qemu, ToolKind.HostCompiler);
        JsonElement document = Valid("demo", "demo");
        JsonElement[] rows = [.. document.GetProperty("rows").EnumerateArray()];
        Assert.Equal(6, rows.Length);
        Assert.All(rows, row =>
        {
            string adapter = row.GetProperty("adapter").GetString() ?? "base";
            double made = DemoFiles.FloatAccuracy(adapter, row.GetProperty("domain").GetString()!);
            Assert.Equal(made, 100 * row.GetProperty("float_accuracy").GetDouble(), 0.0051);
            Assert.Equal(row.GetProperty("reference_accuracy").GetDouble(), row.GetProperty("emulator_accuracy").GetDouble());
            Assert.True(row.GetProperty("same_predictions").GetBoolean());
        });
    }

    internal static JsonElement Valid(string schema, params string[] arguments)
    {
        ToolRun run = CommandLineTests.InProcess([.. arguments, "--json"]);
        Assert.True(run.ExitCode == 0, run.Error);
        JsonElement document = run.Json();
        JsonSchema.Load(schema).Check(document);
        return document;
    }

    /// <summary>Replaces the last stored numbers of the file's largest part, its weights, by others.</summary>
    private static byte[] WithChangedWeights(byte[] file)
    {
        for (int i = 0; i < 64; i++)
        {
            BitConverter.TryWriteBytes(file.AsSpan((file.Length / 2) + (4 * i)), 0.75f);
        }

        return file;
    }
}
