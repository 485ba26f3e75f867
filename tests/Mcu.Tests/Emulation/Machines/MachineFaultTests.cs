using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Mcu.Emulation;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Qemu;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>Tests that look at, or kill, the processes that the whole test program has started: nothing else may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}

/// <summary>Deliberate faults: each is detected and named, and nothing is left behind.</summary>
[Collection(AloneCollection.Name)]
public sealed class MachineFaultTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    private const string NullCall = "((void (*)(void))net->adapter)();";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MachineBench.Qemu, "cortex-m4", NullCall, StopReason.Fault, "called a null pointer, called from fake_run", null)]
    [InlineData(MachineBench.Qemu, "cortex-m3", "*(volatile int *)0x50000000u = 1;", StopReason.Fault, "accessed memory that the target does not have", "fake_run")]
    [InlineData(MachineBench.Qemu, "cortex-m0plus", "(*(volatile int *)(net->arena + 1))++;", StopReason.Fault, "accessed memory unaligned", "fake_run")]
    [InlineData(MachineBench.Qemu, "cortex-m7", "__asm volatile(\"udf #0\");", StopReason.Fault, "undefined instruction", "fake_run")]
    [InlineData(MachineBench.Qemu, "cortex-m4", "volatile char big[200000]; big[0] = 1;", StopReason.StackOverflow, "memory", null)]
    [InlineData(MachineBench.Renode, "cortex-m4", NullCall, StopReason.Fault, "such as a null pointer, in fake_run", "fake_run")]
    [InlineData(MachineBench.Renode, "cortex-m3", "*(volatile int *)0x50000000u = 1;", StopReason.Fault, "accessed memory that the target does not have", "fake_run")]
    [InlineData(MachineBench.Renode, "cortex-m7", "__asm volatile(\"udf #0\");", StopReason.Fault, "undefined instruction", "fake_run")]
    [InlineData(MachineBench.Renode, "cortex-m4", "volatile char big[200000]; big[0] = 1;", StopReason.StackOverflow, "memory", null)]
    [InlineData(MachineBench.Qemu, "microbit", NullCall, StopReason.Fault, "called a null pointer, called from fake_run", null)]
    [InlineData(MachineBench.Qemu, "cortex-m0plus", NullCall, StopReason.Fault, "called a null pointer, called from fake_run", null)]
    [InlineData(MachineBench.Qemu, "cortex-m33", NullCall, StopReason.Fault, "called a null pointer, called from fake_run", null)]
    [InlineData(MachineBench.Qemu, "cortex-m55", NullCall, StopReason.Fault, "called a null pointer, called from fake_run", null)]
    [InlineData(MachineBench.Qemu, "rv32imac", NullCall, StopReason.Fault, "called a null pointer, called from fake_run", null)]
    [InlineData(MachineBench.Renode, "microbit", NullCall, StopReason.Fault, "such as a null pointer, in fake_run", "fake_run")]
    [InlineData(MachineBench.Renode, "cortex-m0plus", NullCall, StopReason.Fault, "such as a null pointer, in fake_run", "fake_run")]
    [InlineData(MachineBench.Renode, "cortex-m33", NullCall, StopReason.Fault, "such as a null pointer, in fake_run", "fake_run")]
    [InlineData(MachineBench.Renode, "cortex-m55", NullCall, StopReason.Fault, "such as a null pointer, in fake_run", "fake_run")]
    [InlineData(MachineBench.Renode, "rv32imac", NullCall, StopReason.Fault, "called a null pointer, called from fake_run", null)]
    [InlineData(MachineBench.Qemu, "microbit", "(*(volatile int *)(net->arena + 1))++;", StopReason.Fault, "HardFault: accessed memory unaligned at 0x2000", "fake_run")]
    public async Task A_fault_is_told_with_cause_function_and_registers(
        string emulator, string target, string statement, StopReason reason, string cause, string? function)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; " + statement + " return 0; }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, target);
        MachineStop stop = await machine.RunAsync(new RunUntil(), Cancellation);
        Assert.Equal(reason, stop.Reason);
        Assert.Contains(cause, stop.Fault, StringComparison.Ordinal);
        Assert.Contains("sp=", stop.Fault, StringComparison.Ordinal);
        Assert.Equal(function, stop.Function);
        Diagnostic diagnostic = (await Assert.ThrowsAsync<DiagnosticException>(() => Task.FromResult(stop.Expect(StopReason.Exited)))).Diagnostic;
        Assert.Equal(reason == StopReason.Fault ? "MCU1112" : "MCU1116", diagnostic.Code);
    }

    [Theory]
    [InlineData(MachineBench.Qemu, "0x50000000u")]
    [InlineData(MachineBench.Qemu, "(uint32_t)empty")]
    [InlineData(MachineBench.Renode, "(uint32_t)empty")] // Renode ignores a table where nothing is
    public async Task A_lock_up_is_told(string emulator, string table)
    {
        // A handler at address 0 leaves the Thumb state: a fault inside the handling of a fault.
        using var model = new FakeModel(
            "static uint32_t empty[128] __attribute__((aligned(512))); uint32_t *mcu_empty(void); uint32_t *mcu_empty(void) { return empty; }"
            + "int fake_run(fake_t *net) { (void)net; *(volatile uint32_t *)0xE000ED08u = " + table + "; __asm volatile(\"dsb\\nudf #0\"); return 0; }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        MachineStop stop = await machine.RunAsync(new RunUntil { WallClock = TimeSpan.FromSeconds(20) }, Cancellation);
        Assert.Equal(StopReason.LockUp, stop.Reason);
        Assert.Equal("MCU1113", Assert.Throws<DiagnosticException>(() => stop.Expect(StopReason.Exited)).Diagnostic.Code);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task An_endless_loop_meets_the_limit_of_time_and_names_the_function(string emulator)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; for (;;) { } }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        MachineStop stop = await machine.RunAsync(new RunUntil { WallClock = TimeSpan.FromSeconds(1) }, Cancellation);
        Assert.Equal(StopReason.TimeLimit, stop.Reason);
        Assert.Equal("fake_run", stop.Function);
        Assert.Equal("MCU1114", Assert.Throws<DiagnosticException>(() => stop.Expect(StopReason.Exited)).Diagnostic.Code);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_missing_line_of_the_serial_port_names_the_last_one(string emulator)
    {
        using var model = new FakeModel(MachineBench.SerialFunctions + "int fake_run(fake_t *net) { (void)net; say(\"class 3\\n\"); for (;;) { } }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        Task<MachineStop> run = machine.RunAsync(new RunUntil { WallClock = TimeSpan.FromSeconds(4) }, Cancellation);
        Diagnostic diagnostic = await Bench.FailureAsync(() => machine.Serial.WaitForAsync("class 7", TimeSpan.FromSeconds(3), Cancellation));
        await run;
        Assert.Equal("MCU1117", diagnostic.Code);
        Assert.Contains("the last was 'class 3'", diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task An_emulator_that_is_killed_is_told(string emulator)
    {
        using var model = new FakeModel("int fake_run(fake_t *net) { (void)net; for (;;) { } }");
        await using var own = new RenodeFixture(); // a process of this test's, none that an earlier one has left
        HashSet<int> before = Leftovers.Processes();
        await using IMachine machine = await MachineBench.StartAsync(own, emulator, model, options: new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"] });
        int[] started = [.. Leftovers.Processes().Except(before)];
        Assert.NotEmpty(started);
        Task<MachineStop> run = machine.RunAsync(new RunUntil(), Cancellation);
        await Task.Delay(200, Cancellation);
        foreach (int id in started)
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }

        Assert.Equal("MCU1104", (await Bench.FailureAsync(() => run)).Code);
        Assert.Equal("MCU1104", (await Bench.FailureAsync(() => machine.ReadMemoryAsync(0, 4, Cancellation))).Code);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_port_in_use_is_named(string emulator)
    {
        using var model = new FakeModel();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var own = new RenodeFixture();
        Diagnostic diagnostic = await Bench.FailureAsync(() => MachineBench.StartAsync(own, emulator, model, options: new MachineOptions { Port = port }));
        Assert.Equal("MCU1105", diagnostic.Code);
        Assert.Contains(port.ToString(System.Globalization.CultureInfo.InvariantCulture), diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_machine_leaves_how_its_runs_ended_and_what_was_said(string emulator)
    {
        using var model = new FakeModel(MachineBench.SerialFunctions + "int fake_run(fake_t *net) { (void)net; say(\"class 3\\n\"); __asm volatile(\"udf #0\"); return 0; }");
        var options = new MachineOptions { Artifacts = Path.Combine(model.Folder, "traces"), Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"] };
        await using (IMachine machine = await MachineBench.StartAsync(renode, emulator, model, options: options))
        {
            (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
            (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Fault);
        }

        string folder = Assert.Single(Directory.GetDirectories(options.Artifacts));
        Assert.Equal("class 3\n", await File.ReadAllTextAsync(Path.Combine(folder, "serial.txt"), Cancellation));
        string[] stops = await File.ReadAllLinesAsync(Path.Combine(folder, "stops.txt"), Cancellation);
        Assert.Equal(2, stops.Length);
        Assert.Matches("^[0-9]+ Reached 0x[0-9a-f]{8} in fake_run$", stops[0]);
        Assert.Matches("^[0-9]+ Fault 0x[0-9a-f]{8} .*executed an undefined instruction", stops[1]);
    }

    [Fact]
    public async Task A_port_of_ones_own_is_used()
    {
        using var model = new FakeModel();
        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        var options = new MachineOptions { Port = port, Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"] };
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Qemu, model, options: options);
        Assert.Equal(StopReason.Exited, (await machine.RunAsync(new RunUntil(), Cancellation)).Reason);
    }

    [Theory]
    [InlineData(MachineBench.Qemu, "MCU1004")]
    [InlineData(MachineBench.Renode, "MCU1007")]
    public async Task An_emulator_that_is_not_there_is_told_with_the_way_to_get_it(string emulator, string code)
    {
        using var model = new FakeModel();
        FirmwareImage image = await Bench.BuildAsync(model, "cortex-m4");
        var tools = new ToolProbe(model.Folder);
        await using var lost = new Mcu.Emulation.Renode.RenodeEmulator(tools);
        IMachineEmulator none = emulator == MachineBench.Qemu ? new QemuEmulator(tools, model.CacheFolder) : lost;
        Diagnostic diagnostic = await Bench.FailureAsync(() => none.StartAsync(image.Path, image.Target, cancellation: Cancellation));
        Assert.Equal(code, diagnostic.Code);
        Assert.NotEmpty(diagnostic.Hint);
    }
}
