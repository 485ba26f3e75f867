using System.Text.Json;
using Mcu.Emulation.Benchmarks;
using Mcu.Emulation.Managed;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Tests.Cli;
using Mcu.Tests.Emission;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>The plain loops that the managed form is compared with, and <c>mcu bench --lang nanoframework</c>.</summary>
public sealed class ManagedBenchTests
{
    [Theory]
    [InlineData("kws")]
    [InlineData("ic")]
    [InlineData("ad")]
    [InlineData("sww")]
    public void Plain_loops_give_the_golden_bytes(string name)
    {
        ManagedNetwork plain = Plain(NanoProgram.Of(GoldenModel.Compile(name, "cortex-m0plus").Program));
        sbyte[] inputs = [.. GoldenModel.Inputs(plain.InputLength).Select(b => (sbyte)b)];

        Assert.Equal(GoldenModel.Expected(name), inputs.Chunk(plain.InputLength).SelectMany(plain.Run).Select(v => (byte)v));
    }

    [Theory]
    [InlineData("images")]
    [InlineData("vectors")]
    [InlineData("tokens")]
    public void Plain_loops_give_the_references_bytes(string name)
    {
        Int8Model model = TinyModels.Of(name);
        ManagedNetwork plain = Plain(Managed.Of(model, name).Program);
        for (int seed = 0; seed < 10; seed++)
        {
            var random = new Random(seed);
            Tensor tensor = model.Graph[model.Graph.Inputs[0]];
            var input = new TensorValue(tensor.Shape, [.. Enumerable.Range(0, plain.InputLength).Select(_ => (sbyte)random.Next(-128, 128))]);

            Assert.Equal(Int8Reference.Run(model, input, 0).Int8, plain.Run(input.Int8));
        }
    }

    /// <summary>Speed at least 2.5 times, ram at least 1.4 times as fast as plain loops in every network; speed takes RAM for it where it packs.</summary>
    [Theory]
    [InlineData("kws", 2.5, 1.4)]
    [InlineData("ad", 2.5, 1.4)]
    [InlineData("sww", 2.5, 1.4)]
    public async Task The_managed_form_beats_plain_loops(string name, double speed, double ram)
    {
        var options = new CompileOptions { BasePath = TestData.Shared($"mlperf-tiny/{name}_int8.tflite"), Target = Mcu.Generator.Targets.TargetCatalog.Load().Get("cortex-m4") };
        ManagedBenchRow row = await ManagedBenchmark.RunAsync(options, 1, null, new DiagnosticBag(), TestContext.Current.CancellationToken);

        Assert.True(row.Total.SpeedGain >= speed, $"speed {row.Total.SpeedGain}");
        Assert.True(row.Total.RamGain >= ram, $"ram {row.Total.RamGain}");
        Assert.True(row.Speed.HeapBytes > row.Ram.HeapBytes);
        Assert.True(row.Total.Plain > row.Layers.Sum(l => l.Plain));
        Assert.True(row.Total.Plain - row.Layers.Sum(l => l.Plain) < 100 * (row.Layers.Count + 1));
    }

    [Theory]
    [InlineData]
    [InlineData("--on", "managed")]
    public void Bench_prints_layers_and_their_total(params string[] on)
    {
        string[] command = ["bench", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--lang", "nanoframework", .. on];
        JsonElement document = CommandLineTests.InProcess([.. command, "--json"]).Json();
        JsonSchema.Load("bench").Check(document);
        JsonElement row = document.GetProperty("managed").EnumerateArray().Single();
        JsonElement[] layers = [.. row.GetProperty("layers").EnumerateArray()];

        Assert.All(layers, l => Assert.True(l.GetProperty("plain").GetInt64() > 0));
        Assert.Equal(layers.Sum(l => l.GetProperty("macs").GetInt64()), row.GetProperty("total").GetProperty("macs").GetInt64());
        string[] lines = CommandLineTests.InProcess([.. command, "--markdown"]).Output.TrimEnd('\n').Split('\n');
        Assert.Equal(layers.Length + 3, lines.Length);
        Assert.Contains("| total |", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MCU1500", "--methods", "2")]
    [InlineData("MCU1500", "--adapter-index", "1")]
    [InlineData("MCU0115", "--on", "host")]
    public void What_measures_firmware_is_refused(string code, params string[] options)
    {
        ToolRun run = CommandLineTests.InProcess(["bench", DemoFiles.Base, "--lang", "nanoframework", .. options, "--json"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(code, run.Json().GetProperty("error").GetProperty("code").GetString());
    }

    private static ManagedNetwork Plain(NanoProgram program)
    {
        NanoEmission emission = PlainNetwork.Emit(program, "plain", NanoOptions.Default);
        return ManagedNetwork.Load(ManagedVerifier.Compile(emission), emission);
    }
}
