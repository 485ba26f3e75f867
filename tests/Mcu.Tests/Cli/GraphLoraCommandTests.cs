using System.Runtime.InteropServices;
using System.Text.Json;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Onnx;

namespace Mcu.Tests.Cli;

/// <summary><c>--graph-lora</c> through the commands, on a small network with one branch of rank 2.</summary>
public sealed class GraphLoraCommandTests
{
    private readonly string folder = TestFolder.Create("graph-lora");

    [Fact]
    public void Inspect_shows_the_lifted_adapter_beside_the_base()
    {
        JsonElement document = ReportCommandTests.Valid("inspect", "inspect", Model(), "--graph-lora", "lift");
        JsonElement module = Assert.Single(document.GetProperty("adapter").GetProperty("modules").EnumerateArray());
        Assert.Equal(2, module.GetProperty("rank").GetInt32());
        Assert.Equal(0.5, module.GetProperty("scale").GetDouble());
        Assert.Equal("with_lora", document.GetProperty("adapter").GetProperty("name").GetString());
        Assert.Single(document.GetProperty("model").GetProperty("nodes").EnumerateArray());
    }

    [Fact]
    public void Run_gives_equal_outputs_in_each_mode_and_the_base_with_index_0()
    {
        float[] run = Outputs();
        Close(run, Outputs("--graph-lora", "merge"), true);
        Close(run, Outputs("--graph-lora", "lift"), true);
        Close(run, Outputs("--graph-lora", "lift", "--adapter-index", "1"), true);
        Close(run, Outputs("--graph-lora", "lift", "--adapter-index", "0"), false);
    }

    [Fact]
    public void Verify_passes_in_each_mode()
    {
        foreach (string mode in new[] { "run", "merge", "lift" })
        {
            Assert.True(ReportCommandTests.Valid("verify", "verify", Model(), "--graph-lora", mode).GetProperty("passed").GetBoolean());
        }
    }

    [Fact]
    public void Compile_has_the_lifted_adapter_as_index_1()
    {
        string samples = Samples(30);
        JsonElement report = ReportCommandTests.Valid("compile", "compile", Model(), "--graph-lora", "lift", "--calibration", samples, "-o", Path.Combine(folder, "net"));
        JsonElement adapter = Assert.Single(report.GetProperty("adapters").EnumerateArray());
        Assert.Equal(1, adapter.GetProperty("index").GetInt32());
        Assert.Equal("with_lora", adapter.GetProperty("name").GetString());
    }

    [Fact]
    public void It_is_refused_for_folders_and_networks_without_branches()
    {
        ToolRun onAdapter = CommandLineTests.InProcess("inspect", DemoFiles.Adapter("accent-lora"), "--graph-lora", "lift");
        Assert.Equal(1, onAdapter.ExitCode);
        Assert.Contains("MCU0139", onAdapter.Error, StringComparison.Ordinal);
        ToolRun without = CommandLineTests.InProcess("inspect", DemoFiles.Base, "--graph-lora", "merge");
        Assert.Equal(1, without.ExitCode);
        Assert.Contains("MCU0651", without.Error, StringComparison.Ordinal);
    }

    /// <summary>A published network of two blocks with twelve branches.</summary>
    [Fact]
    public void Verify_passes_on_a_transformer_with_its_branches_lifted()
    {
        string network = TestData.Shared($"{CctOnnxTests.WithLora}/network_infer.onnx");
        JsonElement[] checks = [.. ReportCommandTests.Valid("verify", "verify", network, "--graph-lora", "lift", "--seeds", "1").GetProperty("checks").EnumerateArray()];
        Assert.Equal(2, checks.Length);
        Assert.All(checks, check => Assert.True(check.GetProperty("passed").GetBoolean()));
        Assert.Contains("lifted adapter", checks[1].GetProperty("name").GetString(), StringComparison.Ordinal);
    }

    private string Model()
    {
        string path = Path.Combine(folder, "with_lora.onnx");
        File.WriteAllBytes(path, new OnnxModelBuilder().Input("x", 1, 16).Output("y")
            .Weights("w", [16, 6]).Weights("b", [6]).Weights("a", [16, 2]).Weights("up", [2, 6]).Weights("scale", [], 0.5f)
            .Node("MatMul", "x w", "m").Node("Add", "m b", "n").Node("MatMul", "x a", "d").Node("MatMul", "d up", "u").Node("Mul", "u scale", "s").Node("Add", "n s", "y")
            .Bytes());
        return path;
    }

    private string Samples(int count)
    {
        var random = new Random(5);
        float[] values = [.. Enumerable.Range(0, count * 16).Select(_ => (random.NextSingle() * 2) - 1)];
        string path = Path.Combine(folder, $"samples{count}.bin");
        File.WriteAllBytes(path, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        return path;
    }

    private float[] Outputs(params string[] arguments)
    {
        string output = Path.Combine(folder, "out.bin");
        ToolRun run = CommandLineTests.InProcess(["run", Model(), "--on", "float", "--input", Samples(3), "-o", output, .. arguments]);
        Assert.True(run.ExitCode == 0, run.Error);
        return MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(output)).ToArray();
    }

    private static void Close(float[] expected, float[] actual, bool equal) =>
        Assert.Equal(equal, expected.Zip(actual).All(pair => Math.Abs(pair.First - pair.Second) < 1e-5));
}
