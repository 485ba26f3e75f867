using System.Text;
using Mcu.Emulation;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Qemu;
using Mcu.Emulation.Renode;
using Mcu.Generator.Targets;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>One Renode for all tests: it starts slowly, and stays.</summary>
public sealed class RenodeFixture : IAsyncDisposable
{
    public RenodeEmulator Emulator { get; } = new();

    public ValueTask DisposeAsync() => Emulator.DisposeAsync();
}

/// <summary>Machines with small programs for tests on any emulator.</summary>
internal static class MachineBench
{
    public const string Qemu = "qemu";
    public const string Renode = "renode";

    /// <summary>Sends a text by the board's serial port; the network's function must call it. It lifts the memory protection.</summary>
    public const string SerialFunctions =
        """
        #define UART(offset) (*(volatile uint32_t *)(0x40004000u + (offset)))
        static void say(const char *text) {
            *(volatile uint32_t *)0xE000ED94u = 0;
            UART(0x10) = 16;
            UART(8) = 3;
            for (; *text != 0; text++) {
                UART(0) = (uint32_t)*text;
            }
        }
        """;

    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Samples(params byte[] samples) =>
        new Dictionary<string, ReadOnlyMemory<byte>> { ["in.bin"] = samples };

    /// <summary>Starts a machine with a fake network's firmware; skips where a tool is missing.</summary>
    public static async Task<IMachine> StartAsync(
        RenodeFixture renode, string emulator, FakeModel model, string target = "cortex-m4", MachineOptions? options = null)
    {
        FirmwareImage image = await Bench.BuildAsync(model, target);
        MachineOptions chosen = options ?? new MachineOptions { Files = Samples(1, 2, 3, 4), Arguments = ["0"] };
        return await (await EmulatorAsync(renode, emulator, model)).StartAsync(image.Path, image.Target, chosen, TestContext.Current.CancellationToken);
    }

    public static async Task<IMachineEmulator> EmulatorAsync(RenodeFixture renode, string emulator, FakeModel model)
    {
        if (emulator == Qemu)
        {
            return new QemuEmulator(new ToolProbe(), model.CacheFolder);
        }

        await NeedRenodeAsync();
        return renode.Emulator;
    }

    public static async Task NeedRenodeAsync()
    {
        ToolStatus tool = await new ToolProbe().ProbeAsync(ToolKind.Renode, TestContext.Current.CancellationToken);
        Assert.SkipUnless(tool.Found, "needs Renode: " + tool.HowToGet);
    }
}
