using Mcu.Emulation.Machines;
using Mcu.Generator.Targets;

namespace Mcu.Tests.Emulation.Machines;

public sealed class PowerCutTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    /// <summary>Writes 0, 1, 2, … into memory that outlives the run, forever; what was written last tells where the power went.</summary>
    private const string Journal =
        """
        static volatile uint32_t journal[1024] __attribute__((section(".noinit")));
        int fake_run(fake_t *net) {
            (void)net;
            for (uint32_t i = 0;; i++) {
                journal[i & 1023u] = i + 1u;
            }
        }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task The_same_instruction_gives_the_same_memory_and_the_next_store_is_not_in_it(string emulator)
    {
        using var model = new FakeModel(Journal);
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        MachineStop start = (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        MemoryRegion[] kept = [new((uint)machine.Symbols.AddressOf("journal"), 4096)];
        await machine.PowerCutAsync(start.Instructions, kept, Cancellation); // the machine is new now
        long cut = start.Instructions + 5_000;
        byte[] first = (await machine.PowerCutAsync(cut, kept, Cancellation)).Memory[0];
        byte[] again = (await machine.PowerCutAsync(cut, kept, Cancellation)).Memory[0];
        Assert.Equal(first, again);

        // One more store appears within as many instructions as the loop has, and never two at once.
        uint last = Last(first);
        Assert.True(last > 500);
        for (int more = 1; more <= 8; more++)
        {
            uint now = Last((await machine.PowerCutAsync(cut + more, kept, Cancellation)).Memory[0]);
            Assert.InRange(now - last, 0u, 1u);
            last = now;
        }

        Assert.True(last > Last(first));
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task Memory_that_is_kept_is_there_after_the_power_cut_and_the_rest_is_not(string emulator)
    {
        using var model = new FakeModel(Journal);
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        ulong journal = machine.Symbols.AddressOf("journal");
        (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        long start = await machine.InstructionsAsync(Cancellation);
        await machine.PowerCutAsync(start, [], Cancellation); // the machine is new now
        PowerCut cut = await machine.PowerCutAsync(start + 3000, [new((uint)journal, 2048)], Cancellation);
        Assert.NotEqual(new byte[2048], cut.Memory[0]);
        Assert.Equal(cut.Memory[0], await machine.ReadMemoryAsync(journal, 2048, Cancellation));
        Assert.Equal(new byte[2048], await machine.ReadMemoryAsync(journal + 2048, 2048, Cancellation));
        Assert.Equal(0, await machine.InstructionsAsync(Cancellation));
        Assert.Equal(StopReason.Reached, (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Reason);
    }

    private static uint Last(byte[] journal) => Enumerable.Range(0, journal.Length / 4).Max(i => BitConverter.ToUInt32(journal, i * 4));
}
