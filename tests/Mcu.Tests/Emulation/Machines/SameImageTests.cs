using Mcu.Emulation;

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
}
