using Mcu.Emulation.Evaluation;
using Mcu.Generator;

namespace Mcu.Tests.EndToEnd;

/// <summary>The published outputs of the five int8 MLPerf Tiny models, byte for byte, wherever Mcu runs them.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Models => GoldenModel.Names;

    public static TheoryData<string, string> ModelsAndTargets
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string target in (string[])["host", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m55"])
            {
                foreach (string model in GoldenModel.Names)
                {
                    data.Add(model, target);
                }
            }

            return data;
        }
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
