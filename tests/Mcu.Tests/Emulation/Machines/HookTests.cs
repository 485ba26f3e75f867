using Mcu.Emulation.Machines;
using Mcu.Emulation.Renode;
using Mcu.Generator.Targets;
using StopReason = Mcu.Emulation.Machines.StopReason;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>What firmware writes, drives and programs is told with its value and the instruction that did it.</summary>
public sealed class HookTests(RenodeFixture renode) : IClassFixture<RenodeFixture>
{
    private const uint Gpio = 0x50000504;
    private const uint Divider = 0x40004010;

    private const string Stores =
        """
        static volatile uint32_t watched[2] __attribute__((section(".noinit")));
        int fake_run(fake_t *net) {
            volatile uint8_t *bytes = (volatile uint8_t *)watched;
            (void)net;
            for (uint32_t i = 1; i <= 3; i++) {
                watched[0] = i * 0x01010101u;
                watched[1] = i;
                bytes[2] = (uint8_t)(0xA0u + i);
                *(volatile uint16_t *)(volatile void *)bytes = (uint16_t)(0xBEE0u + i);
            }
            return 0;
        }
        """;

    /// <summary>The GPIO controller of the nRF51, which Renode's nRF52840 has too: output, set, clear, input, direction.</summary>
    private const string Pins =
        """
        #define GPIO(offset) (*(volatile uint32_t *)(0x50000000u + (offset)))
        volatile uint32_t input;
        int fake_run(fake_t *net) {
            (void)net;
            GPIO(0x518) = 1u << 5 | 1u << 17;
            for (int i = 0; i < 3; i++) {
                GPIO(0x508) = 1u << 5;
                GPIO(0x50C) = 1u << 5;
            }
            GPIO(0x504) = 1u << 17;
            input = GPIO(0x510);
            return 0;
        }
        """;

    /// <summary>Renode's controller fails without the event controller beside it.</summary>
    private const string Controller =
        """
        gpio: GPIOPort.NRF52840_GPIO @ sysbus 0x50000500
        gpiote: GPIOPort.NRF52840_GPIOTasksEvents @ sysbus 0x40006000 { port0: gpio; -> nvic@6 }

        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MachineBench.Qemu, "cortex-m4")]
    [InlineData(MachineBench.Qemu, "cortex-m0")]
    [InlineData(MachineBench.Qemu, "rv32imc")]
    [InlineData(MachineBench.Renode, "cortex-m4")]
    [InlineData(MachineBench.Renode, "cortex-m0")]
    [InlineData(MachineBench.Renode, "rv32imc")]
    public async Task Each_store_to_a_variable_is_told_with_its_value_and_its_instruction(string emulator, string target)
    {
        using var model = new FakeModel(Stores);
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, target);
        ulong place = machine.Symbols.AddressOf("watched");
        var writes = new List<MachineWrite>();
        await machine.OnWriteAsync(place, 4, writes.Add, Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        (ulong, int, ulong)[] expected =
        [
            (place, 4, 0x01010101), (place + 2, 1, 0xA1), (place, 2, 0xBEE1),
            (place, 4, 0x02020202), (place + 2, 1, 0xA2), (place, 2, 0xBEE2),
            (place, 4, 0x03030303), (place + 2, 1, 0xA3), (place, 2, 0xBEE3),
        ];
        Assert.Equal(expected, writes.Select(write => (write.Address, write.Bytes, write.Value)));

        // The power goes behind that instruction and before it.
        long store = writes[3].Instructions;
        await machine.ResetAsync(Cancellation);
        MemoryRegion[] kept = [new((uint)place, 4)];
        Assert.Equal([2, 2, 2, 2], (await machine.PowerCutAsync(store, kept, Cancellation)).Memory[0]);
        Assert.Equal([0xE1, 0xBE, 0xA1, 1], (await machine.PowerCutAsync(store - 1, kept, Cancellation)).Memory[0]);

        // The hook is there after resets and power cuts.
        Assert.Equal(expected.Length + 4 + 3, writes.Count);
        Assert.Equal(writes[..4], writes[expected.Length..][..4]);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_restored_snapshot_has_the_hook_and_tells_the_same_again(string emulator)
    {
        using var model = new FakeModel(Stores);
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        var writes = new List<MachineWrite>();
        await machine.OnWriteAsync("watched", writes.Add, Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        await machine.SaveSnapshotAsync("before", Cancellation);
        for (int i = 1; i <= 2; i++)
        {
            (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
            Assert.Equal(i * 12, writes.Count);
            await machine.RestoreSnapshotAsync("before", Cancellation);
        }

        Assert.Equal(writes[..12], writes[12..]);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task Each_store_to_an_output_register_is_told(string emulator)
    {
        using var model = new FakeModel(
            MachineBench.SerialFunctions + "int fake_run(fake_t *net) { (void)net; say(\"\"); for (uint32_t i = 0; i < 3; i++) { UART(0x10) = 1000u + i; } return 0; }");
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        var values = new List<ulong>();
        await machine.OnWriteAsync(Divider, 4, write => values.Add(write.Value), Cancellation);
        (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited);
        Assert.Equal([16u, 1000u, 1001u, 1002u], values);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task A_store_is_told_once_to_each_range_that_it_touches(string emulator)
    {
        using var model = new FakeModel(Stores);
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        ulong place = machine.Symbols.AddressOf("watched");
        var told = new Dictionary<string, List<(ulong Offset, int Bytes)>>(StringComparer.Ordinal);
        foreach ((string name, ulong offset, int bytes) in new[] { ("whole", 0UL, 4), ("overlapping", 2UL, 4), ("low", 0UL, 2), ("high", 2UL, 2), ("same", 0UL, 4) })
        {
            var seen = new List<(ulong, int)>();
            told.Add(name, seen);
            await machine.OnWriteAsync(place + offset, bytes, write => seen.Add((write.Address - place, write.Bytes)), Cancellation);
        }

        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        Check([(0, 4), (2, 1), (0, 2)], "whole", "same");
        Check([(0, 4), (4, 4), (2, 1)], "overlapping");
        Check([(0, 4), (0, 2)], "low");
        Check([(0, 4), (2, 1)], "high");

        void Check((ulong, int)[] round, params string[] names) => Assert.All(names, name => Assert.Equal([.. round, .. round, .. round], told[name]));
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task What_a_callback_throws_comes_out_behind_the_run(string emulator)
    {
        using var model = new FakeModel(Stores);
        var options = new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"], Artifacts = Path.Combine(model.Folder, "traces") };
        Exception[] failures = [new NotSupportedException(), new InvalidOperationException(), new InvalidDataException(), new IOException(), new ObjectDisposedException("mine")];
        await using (IMachine machine = await MachineBench.StartAsync(renode, emulator, model, options: options))
        {
            Exception? mine = null;
            long store = 0;
            await machine.OnWriteAsync(
                "watched",
                write =>
                {
                    store = mine is null ? store : write.Instructions;
                    throw mine ?? new NotSupportedException("not to be told");
                },
                Cancellation);
            foreach (Exception failure in failures)
            {
                mine = failure;
                Assert.Same(mine, await Record.ExceptionAsync(() => machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)));
                await machine.ResetAsync(Cancellation);
                Assert.Same(mine, await Record.ExceptionAsync(() => machine.PowerCutAsync(store, [], Cancellation)));
            }

            (await machine.RunAsync(RunUntil.Reaches("fake_run"), Cancellation)).Expect(StopReason.Reached);
        }

        // The runs that were told as failures ended all the same.
        string[] stops = await File.ReadAllLinesAsync(Path.Combine(Assert.Single(Directory.GetDirectories(options.Artifacts)), "stops.txt"), Cancellation);
        Assert.Equal(failures.Length + 1, stops.Length);
        Assert.All(stops, stop => Assert.Contains(" Reached ", stop, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Qemu_watches_sixteen_ranges_pins_included(bool pins)
    {
        using var model = new FakeModel(Stores);
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Qemu, model, "microbit");
        ulong place = machine.Symbols.AddressOf("watched");
        int writes = 0;
        if (pins)
        {
            await machine.OnPinAsync(Gpio, _ => { }, Cancellation);
        }

        for (int bytes = 1; bytes <= (pins ? 15 : 16); bytes++)
        {
            await machine.OnWriteAsync(place, bytes, _ => writes++, Cancellation);
        }

        for (int again = 0; again < 2; again++)
        {
            Assert.Equal("MCU1108", (await Bench.FailureAsync(() => machine.OnWriteAsync(place, 100, _ => writes++, Cancellation))).Code);
        }

        if (!pins)
        {
            Assert.Equal("MCU1108", (await Bench.FailureAsync(() => machine.OnPinAsync(Gpio, _ => { }, Cancellation))).Code);
        }

        await machine.OnWriteAsync(place, 1, _ => writes++, Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);

        // Of a round's four stores, two touch the first byte; one begins at byte 2, one at byte 4.
        int sizes = pins ? 15 : 16;
        Assert.Equal(3 * ((2 * (sizes + 1)) + (sizes - 2) + (sizes - 4)), writes);
    }

    [Fact]
    public async Task Renode_watches_at_most_1024_bytes_at_a_time()
    {
        using var model = new FakeModel(Stores);
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Renode, model);
        ulong place = machine.Symbols.AddressOf("watched");
        int writes = 0;
        Assert.Equal("MCU1108", (await Bench.FailureAsync(() => machine.OnWriteAsync(place - 1020, 1025, _ => writes++, Cancellation))).Code);
        await machine.OnWriteAsync(place - 1020, 1024, write => writes += write.Address >= place ? 1 : 0, Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        Assert.Equal(9, writes);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task Pins_are_driven_and_their_changes_told(string emulator)
    {
        using var model = new FakeModel(Pins);
        var options = new MachineOptions { Files = MachineBench.Samples(1, 2, 3, 4), Arguments = ["0"], Peripherals = emulator == MachineBench.Renode ? Controller : "" };
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model, "microbit", options);
        var changes = new List<PinChange>();
        var writes = new List<MachineWrite>();
        await machine.OnPinAsync(Gpio, changes.Add, Cancellation);
        await machine.OnWriteAsync(Gpio, 12, writes.Add, Cancellation);
        await machine.SetPinAsync(Gpio, 3, true, Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        Assert.Equal(
            [(5, true), (5, false), (5, true), (5, false), (5, true), (5, false), (17, true)],
            changes.Select(change => (change.Pin, change.Level)));
        Assert.Equal(writes.Select(write => write.Instructions), changes.Select(change => change.Instructions));
        byte[] input = await machine.ReadMemoryAsync(machine.Symbols.AddressOf("input"), 4, Cancellation);
        Assert.Equal(1, BitConverter.ToInt32(input) >> 3 & 1);

        await machine.SetPinAsync(Gpio, 3, false, Cancellation);
        await machine.ResetAsync(Cancellation);
        (await machine.RunAsync(RunUntil.Reaches("mcu_harness_return"), Cancellation)).Expect(StopReason.Reached);
        input = await machine.ReadMemoryAsync(machine.Symbols.AddressOf("input"), 4, Cancellation);
        Assert.Equal(0, BitConverter.ToInt32(input) >> 3 & 1);
        Assert.Equal("MCU1125", (await Bench.FailureAsync(() => machine.SetPinAsync(Gpio, 99, true, Cancellation))).Code);
    }

    [Theory]
    [InlineData(MachineBench.Qemu)]
    [InlineData(MachineBench.Renode)]
    public async Task Pins_and_flash_that_no_machine_models_are_told(string emulator)
    {
        using var model = new FakeModel();
        await using IMachine machine = await MachineBench.StartAsync(renode, emulator, model);
        Assert.Equal("MCU1125", (await Bench.FailureAsync(() => machine.OnPinAsync(Gpio, _ => { }, Cancellation))).Code);
        Assert.Equal("MCU1125", (await Bench.FailureAsync(() => machine.SetPinAsync(Divider, 0, true, Cancellation))).Code);
        Assert.Equal("MCU1126", (await Bench.FailureAsync(() => machine.OnFlashAsync(0x60000000, _ => { }, Cancellation))).Code);
        (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited);
    }

    [Fact]
    public async Task Operations_of_a_flash_are_told_also_torn_ones()
    {
        using var model = new FakeModel(
            """
            #define FLASH(offset) (*(volatile uint32_t *)(0x60000000u + (offset)))
            int fake_run(fake_t *net) {
                (void)net;
                *(volatile uint32_t *)0xE000ED94u = 0;
                FLASH(16) = 0x12345678u;
                FLASH(0x10000) = 4100u;
                FLASH(0x1000C) = 2u;
                FLASH(4096) = 0u;
                FLASH(0x10000) = 0u;
                FLASH(20) = 0u;
                return 0;
            }
            """);
        var options = new MachineOptions
        {
            Files = MachineBench.Samples(1, 2, 3, 4),
            Arguments = ["0"],
            Peripherals = RenodePeripherals.NorFlash("nor", 0x60000000, 4096, 16, 4),
            PeripheralSources = [RenodePeripherals.WriteNorFlashSource(model.Folder)],
        };
        await using IMachine machine = await MachineBench.StartAsync(renode, MachineBench.Renode, model, options: options);
        var operations = new List<FlashOperation>();
        await machine.OnFlashAsync(0x60000000, operations.Add, Cancellation);
        (await machine.RunAsync(new RunUntil(), Cancellation)).Expect(StopReason.Exited);
        Assert.Equal(
            [(false, 16, 4, 4), (true, 4096, 4096, 4096), (false, 4096, 4, 4), (true, 0, 4096, 2048), (false, 20, 4, 0)],
            operations.Select(operation => (operation.Erases, operation.Offset, operation.Bytes, operation.Done)));
        Assert.Equal(operations.Select(operation => operation.Instructions).Distinct().Order(), operations.Select(operation => operation.Instructions));
    }
}
