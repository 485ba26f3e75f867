using Mcu.Emulation.Benchmarks;
using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Managed.NanoClr;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Targets;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>The managed form on the platform's own interpreter, where the environment names it.</summary>
public sealed class NanoClrTests
{
    private readonly string folder = TestFolder.Create("nanoclr");

    [Theory]
    [InlineData("kws")]
    [InlineData("ad")]
    [InlineData("sww")]
    [InlineData("ic")]
    [InlineData("vww")]
    public async Task Public_networks_give_the_golden_bytes_on_the_interpreter(string name)
    {
        NanoClrTools tools = Require();
        CompileResult result = GoldenModel.Compile(name, "cortex-m0plus");
        NanoEmission emission = NanoEmitter.Emit(NanoProgram.Of(result.Program), name, NanoOptions.Default);
        var runner = new NanoClrRunner(emission, result.Manifest, tools);

        RunMeasurements run = await runner.RunAsync(GoldenModel.Inputs((int)runner.Input.Shape.Elements), 0, TestContext.Current.CancellationToken);

        Assert.Equal(GoldenModel.Expected(name), run.Outputs);
        Assert.True(run.MedianTime > TimeSpan.Zero);
    }

    [Theory]
    [InlineData("speed")]
    [InlineData("ram")]
    public void The_demos_adapters_switch_on_the_interpreter(string optimize)
    {
        Require();
        string samples = DemoFiles.FloatSamples(2);
        for (int adapter = 0; adapter <= 3; adapter++)
        {
            Assert.Equal(Outputs("reference", samples, adapter, optimize), Outputs("nanoclr", samples, adapter, optimize));
        }
    }

    [Fact]
    public async Task Plain_loops_and_the_managed_form_are_timed_side_by_side()
    {
        NanoClrTools tools = Require();
        var options = new CompileOptions { BasePath = TestData.Shared("mlperf-tiny/kws_int8.tflite"), Target = TargetCatalog.Load().Get("cortex-m4") };

        ManagedBenchRow row = await ManagedBenchmark.RunAsync(options, 3, tools, new DiagnosticBag(), TestContext.Current.CancellationToken);

        Assert.True(row.Nanoclr!.SpeedGain > 2.5, $"speed {row.Nanoclr.SpeedGain}");
        Assert.True(row.Nanoclr.RamGain > 1.4, $"ram {row.Nanoclr.RamGain}");
    }

    private byte[] Outputs(string on, string samples, int adapter, string optimize)
    {
        string output = Path.Combine(folder, $"{on}-{adapter}.bin");
        ToolRun run = CommandLineTests.InProcess(
            "run", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("factory-lora"), "--adapter", DemoFiles.Adapter("factory-bitfit"),
            "--adapter", DemoFiles.Adapter("accent-lora"), "--adapter-mode", "side", "--optimize", optimize, "--on", on, "--adapter-index", $"{adapter}", "--input", samples, "-o", output);
        Assert.Equal(0, run.ExitCode);
        return File.ReadAllBytes(output);
    }

    /// <summary>The programs, or a skipped test that says what it needs.</summary>
    internal static NanoClrTools Require()
    {
        string[] variables = [NanoClrTools.InterpreterVariable, NanoClrTools.MetadataProcessorVariable];
        Assert.SkipWhen(
            variables.Any(v => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(v))),
            "needs the nanoFramework interpreter and metadata processor (NANOCLR, NANO_METADATA_PROCESSOR; docs/NANOFRAMEWORK.md)");
        return NanoClrTools.Find();
    }
}
