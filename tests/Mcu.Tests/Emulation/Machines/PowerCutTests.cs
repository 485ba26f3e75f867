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

    /// <summary>A processor that runs on for a moment between the cut and the end of its emulator says more than it has counted.</summary>
    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task What_was_sent_before_the_cut_has_come_and_nothing_that_the_firmware_would_have_sent_after_it(string emulator)
    {
        using var model = new FakeModel(
            MachineBench.SerialFunctions +
            """
            static volatile uint32_t sent __attribute__((section(".noinit")));
            int fake_run(fake_t *net) {
                (void)net;
                say("begin\n");
                for (sent = 0;; sent++) {
                    while ((UART(4) & 1u) != 0) {
                    }
                    UART(0) = 'a';
                }
            }
            """);
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        long start = (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Instructions;
        await machine.PowerCutAsync(start, [], Cancellation); // the machine is new now
        Assert.Empty(machine.Serial.Transcript);
        MemoryRegion[] kept = [new((uint)machine.Symbols.AddressOf("sent"), 4)];
        for (int i = 0; i < 3; i++)
        {
            int length = machine.Serial.Transcript.Length;
            uint count = BitConverter.ToUInt32((await machine.PowerCutAsync(start + 3_000 + i, kept, Cancellation)).Memory[0]);
            string said = machine.Serial.Transcript[length..];
            Assert.InRange(count, 100u, 3_000u);
            Assert.StartsWith("begin\n", said, StringComparison.Ordinal);
            Assert.InRange((uint)said.Count(c => c == 'a'), count - 1, count + 1); // one waits in the port, or one is not counted yet
        }
    }

    private static uint Last(byte[] journal) => Enumerable.Range(0, journal.Length / 4).Max(i => BitConverter.ToUInt32(journal, i * 4));
}
