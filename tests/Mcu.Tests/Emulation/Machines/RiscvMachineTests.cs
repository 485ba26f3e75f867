using Mcu.Emulation.Machines;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>RV32 machines that a test drives, in both emulators.</summary>
public sealed class RiscvMachineTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    private const string Target = "rv32imac";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_program_runs_to_a_symbol_takes_memory_and_ends(string emulator)
    {
        using var model = new FakeModel();
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, Target);
        (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        MachineRegisters registers = await machine.RegistersAsync(Cancellation);
        Assert.Equal(machine.Symbols.AddressOf("fake_run"), registers.Pc);
        Assert.Equal(machine.Symbols.AddressOf("mcu_harness_return"), registers.LinkRegister);
        Assert.InRange(registers.StackPointer, machine.Symbols.AddressOf("__stack_limit"), machine.Symbols.AddressOf("__stack_top"));
        Assert.Equal(machine.Symbols.AddressOf("network"), registers.Words[10]);
        ulong arena = BitConverter.ToUInt32(await machine.ReadMemoryAsync(registers.Words[10], 4, Cancellation));
        Assert.Equal([1, 2, 3, 4], await machine.ReadMemoryAsync(arena, 4, Cancellation));
        await machine.WriteMemoryAsync(arena, new byte[] { 40, 50, 60, 70 }, Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        Assert.Equal([41, 51, 61, 71], await machine.ReadMemoryAsync(arena + 4, 4, Cancellation));
        Assert.Equal(0, (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited).ExitCode);
    }

    [Theory]
    [InlineData(MachineBench.Qemu, "*(volatile int *)0x50000000u = 1;", StopReason.Fault, "MCU1112")]
    [InlineData(MachineBench.Renode, "*(volatile int *)0x50000000u = 1;", StopReason.Fault, "MCU1112")]
    [InlineData(MachineBench.Qemu, "volatile char big[200000]; big[0] = 1;", StopReason.StackOverflow, "MCU1116")]
    [InlineData(MachineBench.Renode, "volatile char big[200000]; big[0] = 1;", StopReason.StackOverflow, "MCU1116")]
    public async Task A_fault_is_told_with_function_and_registers(string emulator, string statement, StopReason reason, string code)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; " + statement + " return 0; }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, Target);
        MachineStop stop = await machine.RunAsync(new RunUntil(), Cancellation);
        Assert.Equal((reason, "fake_run"), (stop.Reason, stop.Function));
        Assert.Contains("wrote to memory that the target does not have", stop.Fault, StringComparison.Ordinal);
        Assert.Contains("sp=", stop.Fault, StringComparison.Ordinal);
        Assert.Equal(code, Assert.Throws<DiagnosticException>(() => stop.Expect(StopReason.Exited)).Diagnostic.Code);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_reset_begins_anew(string emulator)
    {
        using var model = new FakeModel();
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, Target);
        long first = (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached).Instructions;
        await machine.ResetAsync(Cancellation);
        Assert.Equal(0, await machine.InstructionsAsync(Cancellation));
        long again = (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached).Instructions;
        Assert.InRange(again, first / 2, first * 2);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_limit_of_virtual_time_ends_an_endless_loop(string emulator)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; for (;;) { __asm volatile(\"nop\"); } }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, Target);
        MachineStop stop = await machine.RunAsync(new RunUntil { VirtualTime = TimeSpan.FromMilliseconds(40) }, Cancellation);
        Assert.Equal((StopReason.InstructionLimit, "fake_run"), (stop.Reason, stop.Function));
        Assert.InRange(stop.Instructions, 5_000_000, 5_100_000);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_limit_of_virtual_time_counts_from_a_reset(string emulator)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; for (;;) { __asm volatile(\"nop\"); } }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, Target);
        for (int i = 0; i < 3; i++)
        {
            MachineStop stop = await machine.RunAsync(new RunUntil { VirtualTime = TimeSpan.FromMilliseconds(40) }, Cancellation);
            Assert.Equal((StopReason.InstructionLimit, "fake_run"), (stop.Reason, stop.Function));
            Assert.InRange(stop.Instructions, 5_000_000, 5_020_000); // 40 ms at 8 ns each; Renode's quantum is 12,500
            await machine.ResetAsync(Cancellation);
        }
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_snapshot_brings_memory_registers_and_count_back(string emulator)
    {
        using var model = new FakeModel();
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, Target);
        (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        MachineRegisters registers = await machine.RegistersAsync(Cancellation);
        long count = await machine.InstructionsAsync(Cancellation);
        ulong arena = BitConverter.ToUInt32(await machine.ReadMemoryAsync(registers.Words[10], 4, Cancellation));
        byte[] before = await machine.ReadMemoryAsync(arena, 64, Cancellation);
        await machine.SaveSnapshotAsync("at run", Cancellation);
        for (int i = 0; i < 2; i++)
        {
            (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
            Assert.NotEqual(before, await machine.ReadMemoryAsync(arena, 64, Cancellation));
            await machine.RestoreSnapshotAsync("at run", Cancellation);
            Assert.Equal(registers.Words, (await machine.RegistersAsync(Cancellation)).Words);
            Assert.Equal(before, await machine.ReadMemoryAsync(arena, 64, Cancellation));
            Assert.Equal(count, await machine.InstructionsAsync(Cancellation));
        }

        Assert.Equal(0, (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited).ExitCode);
    }

    [Fact]
    public async Task In_Renode_a_snapshot_brings_the_firmware_s_files_back_to_their_place()
    {
        using var model = new FakeModel();
        var options = new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4, 5, 6, 7, 8), Arguments = ["0"] };
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Renode, model, Target, options);
        (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        ulong arena = BitConverter.ToUInt32(await machine.ReadMemoryAsync((await machine.RegistersAsync(Cancellation)).Words[10], 4, Cancellation));
        await machine.SaveSnapshotAsync("first sample", Cancellation);
        for (int i = 0; i < 2; i++)
        {
            (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
            Assert.Equal([5, 6, 7, 8], await machine.ReadMemoryAsync(arena, 4, Cancellation));
            await machine.RestoreSnapshotAsync("first sample", Cancellation);
            Assert.Equal([1, 2, 3, 4], await machine.ReadMemoryAsync(arena, 4, Cancellation));
        }
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task The_same_instruction_of_a_power_cut_gives_the_same_memory(string emulator)
    {
        using var model = new FakeModel(
            "static volatile uint32_t journal[64] __attribute__((section(\".noinit\")));"
            + "int fake_run(fake_t *net) { (void)net; for (uint32_t i = 0;; i++) { journal[i & 63u] = i + 1u; } }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, Target);
        MachineStop start = (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        MemoryRegion[] kept = [new((uint)machine.Symbols.AddressOf("journal"), 256)];
        await machine.PowerCutAsync(start.Instructions, kept, Cancellation); // the machine is new now
        uint last = 0;
        for (int more = 0; more <= 8; more++)
        {
            byte[] memory = (await machine.PowerCutAsync(start.Instructions + 1_000 + more, kept, Cancellation)).Memory[0];
            Assert.Equal(memory, (await machine.PowerCutAsync(start.Instructions + 1_000 + more, kept, Cancellation)).Memory[0]);
            uint now = Enumerable.Range(0, 64).Max(i => BitConverter.ToUInt32(memory, i * 4));
            Assert.InRange(now - last, more == 0 ? 100u : 0u, more == 0 ? 500u : 1u);
            last = now;
        }
    }
}
