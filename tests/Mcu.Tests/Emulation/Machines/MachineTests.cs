using Mcu.Emulation.Machines;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>What every emulator must do in the same way.</summary>
public sealed class MachineTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_program_runs_to_a_symbol_and_on_to_its_end(string emulator)
    {
        using var model = new FakeModel();
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        MachineStop atRun = await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation);
        Assert.Equal(StopReason.Reached, atRun.Reason);
        Assert.Equal("fake_run", atRun.Function);
        Assert.Equal(machine.Symbols.AddressOf("fake_run"), (await machine.RegistersAsync(Cancellation)).Pc);
        MachineStop end = (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited);
        Assert.Equal(0, end.ExitCode);
        Assert.True(end.Instructions > atRun.Instructions);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task Memory_is_fed_and_read(string emulator)
    {
        using var model = new FakeModel();
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        ulong arena = BitConverter.ToUInt32(await machine.ReadMemoryAsync(machine.Symbols.AddressOf("network"), 4, Cancellation));
        Assert.Equal([1, 2, 3, 4], await machine.ReadMemoryAsync(arena, 4, Cancellation));
        await machine.WriteMemoryAsync(arena, new byte[] { 40, 50, 60, 70 }, Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        Assert.Equal([41, 51, 61, 71], await machine.ReadMemoryAsync(arena + 4, 4, Cancellation));
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task The_same_breakpoint_stops_at_each_call(string emulator)
    {
        using var model = new FakeModel();
        var options = new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4, 5, 6, 7, 8), Arguments = ["0"] };
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, options: options);
        MachineStop first = await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation);
        MachineStop second = await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation);
        Assert.Equal(StopReason.Reached, second.Reason);
        Assert.True(second.Instructions > first.Instructions);
        Assert.Equal(StopReason.Exited, (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Reason);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task Lines_of_the_serial_port_come_while_the_program_runs(string emulator)
    {
        using var model = new FakeModel(MachineBench.SerialFunctions + "int fake_run(fake_t *net) { (void)net; say(\"hello\\r\\nclass 7\\n\"); for (;;) { } }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        Task<MachineStop> run = machine.RunAsync(new RunUntil { WallClock = TimeSpan.FromSeconds(5) }, Cancellation);
        Assert.Equal("class 7", await machine.Serial.WaitForAsync("class", TimeSpan.FromSeconds(30), Cancellation));
        Assert.StartsWith("hello\r\n", machine.Serial.Transcript, StringComparison.Ordinal);
        Assert.Equal(StopReason.TimeLimit, (await run).Reason);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task The_firmware_receives_bytes_of_the_serial_port(string emulator)
    {
        using var model = new FakeModel(
            MachineBench.SerialFunctions
            + """
              int fake_run(fake_t *net) {
                  char answer[] = "got ?\n";
                  (void)net;
                  say("ready\n");
                  while ((UART(4) & 2) == 0) {
                  }
                  answer[4] = (char)UART(0);
                  say(answer);
                  return 0;
              }
              """);
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        Task<MachineStop> run = machine.RunAsync(new RunUntil(), Cancellation);
        await machine.Serial.WaitForAsync("ready", TimeSpan.FromSeconds(30), Cancellation);
        await machine.Serial.SendAsync("x"u8.ToArray(), Cancellation);
        Assert.Equal("got x", await machine.Serial.WaitForAsync("got", TimeSpan.FromSeconds(30), Cancellation));
        Assert.Equal(StopReason.Exited, (await run).Reason);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task The_stack_s_depth_is_told(string emulator)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { volatile char deep[3000]; deep[0] = net->arena[0]; return deep[0] - 1; }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        // The harness has painted the free stack with the same pattern, so what counts is what the call wrote.
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        Assert.InRange(await machine.StackHighWaterAsync(Cancellation), 3000, 3500);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_reset_begins_anew_and_keeps_what_is_not_initialised(string emulator)
    {
        using var model = new FakeModel(
            "static uint32_t kept[2] __attribute__((section(\".noinit\"))); uint32_t *mcu_kept(void); uint32_t *mcu_kept(void) { return kept; }"
            + "int fake_run(fake_t *net) { (void)net; kept[0] = mcu_kept()[0] + 1u; return 0; }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        ulong kept = machine.Symbols.AddressOf("kept");
        await machine.WriteMemoryAsync(kept, new byte[] { 5, 0, 0, 0 }, Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        long executed = await machine.InstructionsAsync(Cancellation);
        await machine.ResetAsync(Cancellation);
        Assert.Equal(0, await machine.InstructionsAsync(Cancellation));
        MachineStop again = (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        Assert.InRange(again.Instructions, executed / 2, executed);
        Assert.Equal(6u, BitConverter.ToUInt32(await machine.ReadMemoryAsync(kept, 4, Cancellation)));
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_snapshot_brings_memory_registers_and_count_back(string emulator)
    {
        using var model = new FakeModel();
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        MachineRegisters registers = await machine.RegistersAsync(Cancellation);
        long count = await machine.InstructionsAsync(Cancellation);
        ulong arena = BitConverter.ToUInt32(await machine.ReadMemoryAsync(machine.Symbols.AddressOf("network"), 4, Cancellation));
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
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_limit_of_virtual_time_ends_an_endless_loop(string emulator)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; for (;;) { __asm volatile(\"nop\"); } }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        MachineStop stop = await machine.RunAsync(new RunUntil { VirtualTime = TimeSpan.FromMilliseconds(40) }, Cancellation);
        Assert.Equal(StopReason.InstructionLimit, stop.Reason);
        Assert.InRange(stop.Instructions, 5_000_000, 5_100_000); // 40 ms at 8 ns each
    }

    [Theory]
    [InlineData("for (;;) { }")] // Renode takes a jump to itself for a wait
    [InlineData("for (;;) { __asm volatile(\"wfi\"); }")]
    public async Task In_Renode_a_limit_of_virtual_time_ends_a_wait_in_which_no_instruction_is_executed(string statement)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; " + statement + " }");
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Renode, model);
        MachineStop start = (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        MachineStop stop = await machine.RunAsync(new RunUntil { VirtualTime = TimeSpan.FromMilliseconds(40) }, Cancellation);
        Assert.Equal(StopReason.InstructionLimit, stop.Reason);
        Assert.Equal("fake_run", stop.Function);
        Assert.InRange(stop.Instructions - start.Instructions, 0, 10);
    }

    [Fact]
    public async Task A_symbol_that_is_not_there_is_named()
    {
        using var model = new FakeModel();
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Qemu, model);
        Diagnostic diagnostic = await Bench.FailureAsync(() => machine.RunAsync(RunUntil.Reaches("no_such_function"), Cancellation));
        Assert.Equal("MCU1107", diagnostic.Code);
        Assert.Contains("no_such_function", diagnostic.Message, StringComparison.Ordinal);
        Assert.Equal(StopReason.Exited, (await machine.RunAsync(new RunUntil(), Cancellation)).Reason);
    }
}
