using Mcu.Emulation;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;

namespace Mcu.Tests.EndToEnd;

/// <summary>The published outputs of the five int8 MLPerf Tiny models, byte for byte, wherever Mcu runs them.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Models => GoldenModel.Names;

    public static TheoryData<string, string> ModelsAndTargets => Pairs("host", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m55", "rv32imac");

    public static TheoryData<string, string> ModelsForOtherCores => Pairs("host", "cortex-m3");

    /// <summary>The second names the target whose kernels are built for the host.</summary>
    public static TheoryData<string, string> ModelsAndKernels => Pairs("host", "cortex-m4");

    private static TheoryData<string, string> Pairs(params string[] second)
    {
        var data = new TheoryData<string, string>();
        foreach (string model in GoldenModel.Names)
        {
            foreach (string other in second)
            {
                data.Add(model, other);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task The_reference_gives_the_golden_bytes(string model)
    {
        var reference = new ReferenceRunner(GoldenModel.Compile(model, "cortex-m4").Model);
        byte[] inputs = GoldenModel.Inputs((int)reference.Input.Shape.Elements);

        RunMeasurements run = await reference.RunAsync(inputs, 0, TestContext.Current.CancellationToken);

        Assert.Equal(GoldenModel.Expected(model), run.Outputs);
    }

    [Theory]
    [MemberData(nameof(ModelsAndTargets))]
    public async Task Firmware_gives_the_golden_bytes(string model, string target)
    {
        RunMeasurements run = await GoldenModel.RunAsync(model, target);

        Assert.Equal(GoldenModel.Expected(model), run.Outputs);
    }

    /// <summary>A folder for a core with the DSP extension also builds for the host and for a core without it.</summary>
    [Theory]
    [MemberData(nameof(ModelsForOtherCores))]
    public async Task Firmware_for_the_dsp_extension_gives_the_golden_bytes_without_it(string model, string target)
    {
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(GoldenModel.Compile(model, "cortex-m4").Files, target);

        RunMeasurements run = await firmware.RunAsync(GoldenModel.Inputs((int)firmware.Input.Shape.Elements), 0, TestContext.Current.CancellationToken);

        Assert.Equal(GoldenModel.Expected(model), run.Outputs);
    }

    /// <summary>Address and undefined-behaviour sanitizers on both kernel sets.</summary>
    [Theory]
    [MemberData(nameof(ModelsAndKernels))]
    public async Task Firmware_is_clean_under_sanitizers(string model, string kernels)
    {
        await Firmware.SkipWithoutToolsAsync("host");
        string folder = Firmware.Write(GoldenModel.Compile(model, kernels).Files);
        var options = new BuildOptions { ExtraCFlags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g0"] };
        FirmwareImage image = await new FirmwareBuilder(new ToolProbe()).BuildAsync(folder, Firmware.Target("host"), options, TestContext.Current.CancellationToken);
        byte[] inputs = GoldenModel.Inputs((int)GoldenModel.Compile(model, kernels).Program.Input.Shape.Elements);

        RunResult run = await new FirmwareRunner(new ToolProbe()).RunAsync(image, inputs, new RunOptions(), TestContext.Current.CancellationToken);

        Assert.Equal(GoldenModel.Expected(model), run.Outputs);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Cortex_m4_stays_within_the_figures_of_tflm_with_cmsis_nn(string model)
    {
        Baseline baseline = GoldenModel.BaselineOf(model);

        RunMeasurements run = await GoldenModel.RunAsync(model, "cortex-m4");

        TestContext.Current.TestOutputHelper?.WriteLine($"{model}: {run.MedianInstructions} of {baseline.Instructions} instructions, arena {run.ArenaBytes} of {baseline.ArenaBytes}, code {run.CodeBytes} of {baseline.CodeBytes}");
        Assert.InRange(run.MedianInstructions!.Value, 1, baseline.Instructions);
        Assert.InRange(run.ArenaBytes!.Value, 1, baseline.ArenaBytes - 1);
        Assert.InRange(run.CodeBytes!.Value, 1, baseline.CodeBytes - 1);
    }
}
