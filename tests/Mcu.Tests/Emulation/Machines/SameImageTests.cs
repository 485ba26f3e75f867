using Mcu.Emulation;
using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Qemu;
using Mcu.Generator.Adapters;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>One image, linked for the memory map that QEMU's board has, in both emulators.</summary>
public sealed class SameImageTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    [Theory]
    [InlineData("cortex-m0")]
    [InlineData("cortex-m0plus")]
    [InlineData("cortex-m3")]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m7")]
    [InlineData("cortex-m23")]
    [InlineData("cortex-m33")]
    [InlineData("cortex-m55")]
    [InlineData("cortex-m85")]
    [InlineData("rv32imc")]
    [InlineData("rv32imac")]
    public async Task Outputs_instructions_and_stack_are_the_same_in_QEMU_and_in_Renode(string target)
    {
        await MachineBench.NeedRenodeAsync();
        using var model = new FakeModel(
            """
            int fake_run(fake_t *net) {
                volatile int sum = 3;
                for (int i = 0; i < 1000 + net->arena[0]; i++) {
                    sum = sum * 5 + (sum / (i + 1)) + i;
                }
                for (int i = 0; i < 4; i++) {
                    net->arena[4 + i] = (int8_t)(sum >> (8 * i));
                }
                return 0;
            }
            """);
        FirmwareImage image = await Bench.BuildAsync(model, target);
        byte[] inputs = [1, 2, 3, 4, 90, 6, 7, 8];
        RunResult qemu = await Bench.Runner(model).RunAsync(image, inputs, null, TestContext.Current.CancellationToken);
        RunResult real = await renode.Emulator.RunAsync(image, inputs, new RunOptions(), TestContext.Current.CancellationToken);
        Assert.Equal(qemu.Outputs, real.Outputs);
        Assert.Equal(qemu.StackBytesPerSample, real.StackBytesPerSample);
        Assert.Equal(qemu.InstructionsPerSample, real.InstructionsPerSample);
    }

    /// <summary>The demo's network with its adapters, the base and one beside it: the reference's bytes on both, for the same count and stack.</summary>
    [Theory]
    [InlineData("microbit")]
    [InlineData("cortex-m0plus")]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m7")]
    [InlineData("cortex-m33")]
    [InlineData("cortex-m55")]
    [InlineData("rv32imac")]
    public async Task A_network_and_its_adapter_are_the_same_in_QEMU_in_Renode_and_in_the_reference(string target)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await Firmware.SkipWithoutToolsAsync(target);
        await MachineBench.NeedRenodeAsync();
        AdaptedModel demo = AdaptedModel.Of("demo");
        Int8Model model = demo.WithMode(AdapterModeChoice.Auto);
        FirmwareImage image = await new FirmwareBuilder().BuildAsync(Firmware.Write(Firmware.Emit(model, target, "net")), Firmware.Target(target), cancellation: cancellation);
        Tensor input = model.Graph[model.Graph.Inputs[0]];
        int length = (int)input.Shape.Elements;
        byte[] samples = [.. demo.Inputs.Take(2 * length)];
        foreach (int adapter in (int[])[0, 1])
        {
            var options = new RunOptions { AdapterIndex = adapter };
            RunResult qemu = await new QemuEmulator().RunAsync(image, samples, options, cancellation);
            RunResult real = await renode.Emulator.RunAsync(image, samples, options, cancellation);
            Assert.Equal(samples.Chunk(length).SelectMany(sample => SampleBytes.FromValue(Int8Reference.Run(model, SampleBytes.ToValue(sample, input), adapter))), qemu.Outputs);
            Assert.Equal(qemu.Outputs, real.Outputs);
            Assert.Equal(qemu.StackBytesPerSample, real.StackBytesPerSample);
            Assert.Equal(qemu.InstructionsPerSample, real.InstructionsPerSample);
        }
    }

    /// <summary>From the reset to the semihosting call that ends the program.</summary>
    [Theory]
    [InlineData("cortex-m0plus")]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m33")]
    public async Task A_whole_run_takes_as_many_instructions_in_both(string target)
    {
        await MachineBench.NeedRenodeAsync();
        using var model = new FakeModel();
        FirmwareImage image = await Bench.BuildAsync(model, target);
        long[] counts = new long[2];
        IMachineEmulator[] both = [new QemuEmulator(new ToolProbe(), model.CacheFolder), renode.Emulator];
        for (int i = 0; i < both.Length; i++)
        {
            var options = new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"] };
            await using IMachine machine = await both[i].StartAsync(image.Path, image.Target, options, TestContext.Current.CancellationToken);
            counts[i] = (await machine.RunAsync(new RunUntil(), TestContext.Current.CancellationToken)).Expect(StopReason.Exited).Instructions;
        }

        Assert.InRange(counts[0], 1000, 1_000_000);
        Assert.Equal(counts[0], counts[1]);
    }
}
