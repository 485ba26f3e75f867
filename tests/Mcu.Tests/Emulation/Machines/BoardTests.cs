using Mcu.Emulation;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Targets;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>The demo network in the memories of real boards, where an emulator has them.</summary>
public sealed class BoardTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    private const int SampleLength = 490;

    private static byte[] Samples => [.. File.ReadAllBytes(TestData.Repo("tests/demo/test/clean.bin")).Take(2 * SampleLength)];

    [Theory]
    [InlineData("stm32f4-discovery", MachineBench.Qemu)]
    [InlineData("stm32f4-discovery", MachineBench.Renode)]
    [InlineData("nrf52840-dk", MachineBench.Qemu)]
    [InlineData("nrf52840-dk", MachineBench.Renode)]
    [InlineData("stm32f746-discovery", MachineBench.Renode)]
    [InlineData("stm32l552", MachineBench.Renode)]
    [InlineData("ek-ra8m1", MachineBench.Renode)]
    public async Task A_board_gives_the_reference_s_bytes(string board, string emulator)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        TargetDescription target = Firmware.Target(board);
        await Firmware.SkipWithoutToolsAsync(board);
        if (emulator == MachineBench.Renode)
        {
            await MachineBench.NeedRenodeAsync();
        }

        Int8Model model = AdaptedModel.Of("demo").Base;
        FirmwareImage image = await new FirmwareBuilder().BuildAsync(Firmware.Write(Firmware.Emit(model, board, "net")), target, cancellation: cancellation);
        using FirmwareRunner runner = emulator == MachineBench.Renode ? new FirmwareRunner(renode.Emulator) : new FirmwareRunner();
        RunResult result = await runner.RunAsync(image, Samples, cancellation: cancellation);

        Tensor input = model.Graph[model.Graph.Inputs[0]];
        Assert.Equal(Samples.Chunk(SampleLength).SelectMany(sample => SampleBytes.FromValue(Int8Reference.Run(model, SampleBytes.ToValue(sample, input)))), result.Outputs);
        Assert.All(result.InstructionsPerSample, count => Assert.InRange(count, 500_000, 20_000_000));
        TestContext.Current.TestOutputHelper?.WriteLine($"{board} in {emulator}: {result.MedianInstructions} instructions, {result.MaxStackBytes} bytes of stack");
    }
}
