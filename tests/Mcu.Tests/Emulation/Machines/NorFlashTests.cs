using Mcu.Emulation.Machines;
using Mcu.Emulation.Renode;

namespace Mcu.Tests.Emulation.Machines;

public sealed class NorFlashTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("FLASH(16) = 0x12345678; FLASH(16) = 0xFF00FF00; result(FLASH(16), CONTROL(0));", 0x12005600u, 1u)]
    [InlineData("CONTROL(8) = 1; CONTROL(0) = 4096; CONTROL(0) = 8191; result(FLASH(4096), CONTROL(8));", 0xFFFFFFFFu, 2u)]
    [InlineData("CONTROL(12) = 2; FLASH(0) = 0; FLASH(4) = 0; FLASH(8) = 0; result(FLASH(4), FLASH(8));", 0xFFFF0000u, 0xFFFFFFFFu)]
    [InlineData("FLASH(0) = 0; FLASH(4092) = 0; CONTROL(12) = 1; CONTROL(0) = 0; result(FLASH(0), FLASH(4092));", 0xFFFFFFFFu, 0u)]
    public async Task Bits_are_cleared_by_programs_and_set_by_erasing_blocks_and_operations_can_be_torn(string statements, uint first, uint second)
    {
        using var model = new FakeModel(
            """
            #define FLASH(offset) (*(volatile uint32_t *)(0x60000000u + (offset)))
            #define CONTROL(offset) (*(volatile uint32_t *)(0x60010000u + (offset)))
            volatile uint32_t results[2];
            static void result(uint32_t a, uint32_t b) { results[0] = a; results[1] = b; }
            int fake_run(fake_t *net) {
                (void)net;
                *(volatile uint32_t *)0xE000ED94u = 0;
            """ + statements + " return 0; }");
        var options = new MachineOptions
        {
            Files = MachineBench.Samples(1, 2, 3, 4),
            Arguments = ["0"],
            Peripherals = RenodePeripherals.NorFlash("nor", 0x60000000, 4096, 16, 4),
            PeripheralSources = [RenodePeripherals.WriteNorFlashSource(model.Folder)],
        };
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Renode, model, options: options);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(Mcu.Emulation.Machines.StopReason.Reached);
        byte[] results = await machine.ReadMemoryAsync(machine.Symbols.AddressOf("results"), 8, Cancellation);
        Assert.Equal(first, BitConverter.ToUInt32(results, 0));
        Assert.Equal(second, BitConverter.ToUInt32(results, 4));
    }
}
