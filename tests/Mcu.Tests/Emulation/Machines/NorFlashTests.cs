using Mcu.Emulation;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Renode;
using Mcu.Generator.Targets;

namespace Mcu.Tests.Emulation.Machines;

public sealed class NorFlashTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    private const uint Address = 0x60000000;
    private const int BlockBytes = 4096;
    private const int Blocks = 16;
    private const uint Registers = Address + (BlockBytes * Blocks);
    private const uint Wear = Registers + 16;

    private static readonly MemoryRegion Chip = RenodePeripherals.NorFlashRegion(Address, BlockBytes, Blocks);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(4, "FLASH(16) = 0x12345678; FLASH(16) = 0xFF00FF00; result(FLASH(16), CONTROL(0));", 0x12005600u, 1u)]
    [InlineData(4, "CONTROL(8) = 1; CONTROL(0) = 4096; CONTROL(0) = 8191; result(FLASH(4096), CONTROL(8));", 0xFFFFFFFFu, 2u)]
    [InlineData(4, "CONTROL(12) = 2; FLASH(0) = 0; FLASH(4) = 0; FLASH(8) = 0; result(FLASH(4), FLASH(8));", 0xFFFF0000u, 0xFFFFFFFFu)]
    [InlineData(4, "FLASH(0) = 0; FLASH(4092) = 0; CONTROL(12) = 1; CONTROL(0) = 0; result(FLASH(0), FLASH(4092));", 0xFFFFFFFFu, 0u)]
    [InlineData(4, "BYTE(0) = 0; HALF(4) = 0; result(FLASH(0) & FLASH(4), CONTROL(0));", 0xFFFFFFFFu, 2u)]
    [InlineData(4, "CONTROL(0) = 0x100000; result(CONTROL(0), CONTROL(4));", 2u, 0u)]
    [InlineData(4, "FLASH(0) = 1; CONTROL(0) = 0; CONTROL(4) = 0; FLASH(8) = 2; result(CONTROL(4), CONTROL(0));", 3u, 0u)]
    [InlineData(4, "CONTROL(12) = 1; CONTROL(0) = 8192; CONTROL(0) = 8192; result(CONTROL(16 + 8), CONTROL(4));", 1u, 2u)]
    [InlineData(2, "HALF(2) = 0x1234; FLASH(8) = 0; BYTE(12) = 0; result(FLASH(0), FLASH(8) & FLASH(12));", 0x1234FFFFu, 0xFFFFFFFFu)]
    [InlineData(1, "BYTE(3) = 0x5A; HALF(4) = 0; BYTE(65536 - 1) = 7; result(FLASH(0), BYTE(65536 - 1));", 0x5AFFFFFFu, 7u)]
    [InlineData(1, "CONTROL(12) = 1; BYTE(0) = 0; BYTE(1) = 0; result(FLASH(0), CONTROL(4));", 0xFFFFFFF0u, 2u)]
    public async Task Bits_are_cleared_by_programs_and_set_by_erasing_blocks_and_operations_can_be_torn(int programBytes, string statements, uint first, uint second)
    {
        using FakeModel model = Model(statements);
        await using IMachine machine = await StartAsync(model, programBytes);
        Assert.Equal((first, second), await RunAsync(machine));
    }

    [Fact]
    public async Task A_test_sets_content_and_tears_and_reads_the_wear_of_every_block()
    {
        using FakeModel model = Model("CONTROL(0) = 4096; FLASH(8) = 0; FLASH(12) = 0; result(FLASH(0), FLASH(8));");
        await using IMachine machine = await StartAsync(model, 4);
        await machine.WriteMemoryAsync(Address, new byte[] { 1, 2, 3, 4 }, Cancellation);
        await machine.WriteMemoryAsync(Registers + 12, BitConverter.GetBytes(2u), Cancellation);

        Assert.Equal((0x04030201u, 0xFFFF0000u), await RunAsync(machine));
        byte[] chip = await machine.ReadMemoryAsync(Chip.Origin, (int)Chip.Length, Cancellation);
        Assert.Equal([1, 2, 3, 4], chip[..4]);
        Assert.Equal([0, 1, 0], Enumerable.Range(0, 3).Select(block => BitConverter.ToInt32(chip, (int)(Wear - Address) + (4 * block))));
        Assert.Equal(3, BitConverter.ToInt32(chip, (int)(Registers - Address) + 4));
        Assert.All(chip[12..16], value => Assert.Equal(0xFF, value)); // the power had gone
    }

    [Fact]
    public async Task Content_and_wear_outlive_a_reset_and_a_power_cut()
    {
        using FakeModel model = Model("CONTROL(0) = 0; FLASH(0) = 5; CONTROL(12) = 1; FLASH(4) = 0; FLASH(8) = 0; result(FLASH(4), CONTROL(16));");
        await using IMachine machine = await StartAsync(model, 4);
        Assert.Equal((0xFFFF0000u, 1u), await RunAsync(machine));

        await machine.ResetAsync(Cancellation);
        Assert.Equal((0xFFFF0000u, 2u), await RunAsync(machine)); // erased, and torn again: the power was back
        PowerCut cut = await machine.PowerCutAsync(await machine.InstructionsAsync(Cancellation) + 1, [Chip], Cancellation);

        Assert.Equal(5, cut.Memory[0][0]);
        Assert.Equal(cut.Memory[0], await machine.ReadMemoryAsync(Chip.Origin, (int)Chip.Length, Cancellation));
        Assert.Equal((0xFFFF0000u, 3u), await RunAsync(machine));
    }

    private static FakeModel Model(string statements) => new(
        """
        #define FLASH(offset) (*(volatile uint32_t *)(0x60000000u + (offset)))
        #define HALF(offset) (*(volatile uint16_t *)(0x60000000u + (offset)))
        #define BYTE(offset) (*(volatile uint8_t *)(0x60000000u + (offset)))
        #define CONTROL(offset) (*(volatile uint32_t *)(0x60010000u + (offset)))
        volatile uint32_t results[2];
        static void result(uint32_t a, uint32_t b) { results[0] = a; results[1] = b; }
        int fake_run(fake_t *net) {
            (void)net;
            *(volatile uint32_t *)0xE000ED94u = 0;
        """ + statements + " return 0; }");

    private async Task<IMachine> StartAsync(FakeModel model, int programBytes)
    {
        var options = new MachineOptions
        {
            Files = MachineBench.Samples(1, 2, 3, 4),
            Arguments = ["0"],
            Peripherals = RenodePeripherals.NorFlash("nor", Address, BlockBytes, Blocks, programBytes),
            PeripheralSources = [RenodePeripherals.WriteNorFlashSource(model.Folder)],
        };
        return await MachineBench.StartAsync(renode, MachineBench.Renode, model, options: options);
    }

    private static async Task<(uint First, uint Second)> RunAsync(IMachine machine)
    {
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        byte[] results = await machine.ReadMemoryAsync(machine.Symbols.AddressOf("results"), 8, Cancellation);
        return (BitConverter.ToUInt32(results, 0), BitConverter.ToUInt32(results, 4));
    }
}
