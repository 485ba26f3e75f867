using System.Text.Json.Nodes;
using Mcu.Emulation;
using Mcu.Emulation.Machines;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>Targets that name a platform description of Renode's, or bring their own.</summary>
public sealed class RenodeBoardTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    private const string Board = "stm32f4-discovery";

    private const string OwnPlatform =
        """
        using "./memories.repl"
        cpu: CPU.CortexM @ sysbus { cpuType: "cortex-m4f"; nvic: nvic }
        nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { IRQ -> cpu@0 }
        console: UART.CMSDK_APB_UART @ sysbus 0x40004000

        sysbus:
            init:
                ApplySVD @https://example.invalid/own.svd

        """;

    private const string OwnMemories =
        """
        flash: Memory.MappedMemory @ sysbus 0x08000000 { size: 0x100000 }
        ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x20000 }

        """;

    /// <summary>USART2 of the STM32F4: status at 0 (bit 7: ready to send), data at 4, control 1 at 12 (bit 13: on, bit 3: send).</summary>
    private const string SayByUsart2 =
        """
        #define USART2(offset) (*(volatile uint32_t *)(0x40004400u + (offset)))
        int fake_run(fake_t *net) {
            const char *text = "from the board\n";
            (void)net;
            *(volatile uint32_t *)0xE000ED94u = 0; /* lifts the memory protection */
            USART2(12) = (1u << 13) | (1u << 3);
            for (; *text != 0; text++) {
                while ((USART2(0) & (1u << 7)) == 0) {
                }
                USART2(4) = (uint32_t)*text;
            }
            return 0;
        }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_peripheral_that_only_the_board_s_platform_has_sends_a_line()
    {
        using var model = new FakeModel(SayByUsart2);
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Renode, model, Board);
        Assert.Equal(0, (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited).ExitCode);
        Assert.Equal("from the board", await machine.Serial.WaitForAsync("from", TimeSpan.FromSeconds(30), Cancellation));
    }

    [Fact]
    public async Task A_board_s_machine_is_reset_cut_and_brought_back_by_a_snapshot()
    {
        using var model = new FakeModel();
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Renode, model, Board);
        long first = (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached).Instructions;
        MachineRegisters registers = await machine.RegistersAsync(Cancellation);
        await machine.SaveSnapshotAsync("at run", Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        await machine.RestoreSnapshotAsync("at run", Cancellation);
        Assert.Equal(registers.Words, (await machine.RegistersAsync(Cancellation)).Words);
        Assert.Equal(first + 20, (await machine.PowerCutAsync(first + 20, [], Cancellation)).Instructions);
        await machine.RestoreSnapshotAsync("at run", Cancellation);
        await machine.ResetAsync(Cancellation);
        Assert.Equal(2_000, (await machine.PowerCutAsync(2_000, [], Cancellation)).Instructions);
        Assert.Equal(first, (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached).Instructions);
    }

    [Fact]
    public async Task A_user_s_target_brings_its_own_platform_which_is_not_fetched_from_anywhere()
    {
        using var model = new FakeModel();
        TargetDescription target = OwnTarget(model, "platform.repl");
        await File.WriteAllTextAsync(Path.Combine(target.Folder!, "platform.repl"), OwnPlatform, Cancellation);
        await File.WriteAllTextAsync(Path.Combine(target.Folder!, "memories.repl"), OwnMemories, Cancellation);
        FirmwareImage image = await BuildAsync(model, target);

        RunResult result = await renode.Emulator.RunAsync(image, new byte[] { 1, 2, 3, 4 }, new RunOptions(), Cancellation);

        Assert.Equal(new byte[] { 2, 3, 4, 5 }, result.Outputs);
        var options = new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"] };
        await using IMachine machine = await renode.Emulator.StartAsync(image.Path, target, options, Cancellation);
        Assert.Equal(0, (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited).ExitCode);
    }

    [Fact]
    public async Task A_platform_that_is_nowhere_is_named_and_the_emulator_goes_on()
    {
        using var model = new FakeModel();
        FirmwareImage image = await BuildAsync(model, OwnTarget(model, "platforms/boards/no_such_board.repl"));
        Diagnostic diagnostic = await Bench.FailureAsync(() => renode.Emulator.RunAsync(image, new byte[4], new RunOptions(), Cancellation));
        Assert.Equal("MCU1110", diagnostic.Code);
        Assert.Contains("no_such_board", diagnostic.Message, StringComparison.Ordinal);

        FirmwareImage other = await Bench.BuildAsync(model, "cortex-m4");
        Assert.Equal(new byte[] { 1, 1, 1, 1 }, (await renode.Emulator.RunAsync(other, new byte[4], new RunOptions(), Cancellation)).Outputs);
    }

    private static async Task<FirmwareImage> BuildAsync(FakeModel model, TargetDescription target)
    {
        await Firmware.SkipWithoutToolsAsync("cortex-m4");
        await MachineBench.NeedRenodeAsync();
        return await new FirmwareBuilder(new ToolProbe(), model.CacheFolder).BuildAsync(model.Folder, target, cancellation: Cancellation);
    }

    /// <summary>A board of a user's project: the STM32F4 Discovery's target with a platform of his, in a folder beside the model.</summary>
    private static TargetDescription OwnTarget(FakeModel model, string platform)
    {
        string targets = Path.Combine(Path.GetDirectoryName(model.Folder)!, "my targets");
        JsonObject text = JsonNode.Parse(File.ReadAllText(TestData.Repo($"targets/{Board}/target.json")))!.AsObject();
        text["name"] = "my-board";
        text.Remove("qemu");
        text["renode"] = new JsonObject { ["platform"] = platform, ["serial"] = "console" };
        Directory.CreateDirectory(Path.Combine(targets, "my-board"));
        File.WriteAllText(Path.Combine(targets, "my-board", "target.json"), text.ToJsonString());
        return TargetCatalog.Load(targets).Get("my-board");
    }
}
