using System.Text.Json.Nodes;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Running;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Qemu;

/// <summary>A machine in QEMU: gdbstub for processor and memory, QMP for the machine, the plugin for instructions.</summary>
internal sealed class QemuSession : IMachine
{
    private const string EmulatorName = "qemu";
    private const string SnapshotFile = "snapshots.qcow2";
    private const int XpsrNumber = 25;
    private const int RiscvRegisters = 33;
    private const uint RiscvReset = 0x1000;

    private readonly Func<Task<QemuBoot>> start;
    private readonly RunFolder folder;
    private readonly MachineOptions options;
    private readonly MachineHooks hooks = new();
    private readonly QemuHooks events;
    private readonly MachineTrace trace;
    private readonly Dictionary<string, long> snapshots = new(StringComparer.Ordinal);
    private QemuBoot boot = null!;
    private IReadOnlyList<ulong> handlers = [];
    private bool snapshotsReady;
    private bool ended;
    private bool disposed;
    private long atReset;

    private QemuSession(TargetDescription target, FirmwareSymbols symbols, RunFolder folder, MachineOptions options, Func<Task<QemuBoot>> start)
    {
        Target = target;
        Symbols = symbols;
        this.folder = folder;
        this.options = options;
        this.start = start;
        events = new QemuHooks(hooks, target, folder);
        trace = new MachineTrace(options.Artifacts, EmulatorName, target.Name);
    }

    public string Emulator => EmulatorName;

    public TargetDescription Target { get; }

    public FirmwareSymbols Symbols { get; }

    public SerialPort Serial { get; } = new();

    public static async Task<IMachine> StartAsync(
        TargetDescription target, FirmwareSymbols symbols, RunFolder folder, MachineOptions options, Func<Task<QemuBoot>> start, CancellationToken cancellation)
    {
        var session = new QemuSession(target, symbols, folder, options, start);
        try
        {
            await session.GuardedAsync(() => session.BootAsync(cancellation), cancellation);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public Task<long> InstructionsAsync(CancellationToken cancellation = default) => GuardedAsync(() => Task.FromResult(Executed), cancellation);

    public async Task<MachineStop> RunAsync(RunUntil until, CancellationToken cancellation = default)
    {
        MachineStop stop = trace.Note(await GuardedAsync(() => new QemuRun(this, boot, until).RunAsync(cancellation), cancellation));
        hooks.ThrowIfFailed();
        return stop;
    }

    public Task OnWriteAsync(ulong address, int bytes, Action<MachineWrite> seen, CancellationToken cancellation = default) =>
        GuardedAsync(() => events.OnWriteAsync(address, MachineFailures.CheckRange(address, bytes), seen, cancellation), cancellation);

    public Task OnPinAsync(ulong controller, Action<PinChange> seen, CancellationToken cancellation = default) =>
        GuardedAsync(() => events.OnPinAsync(controller, seen, cancellation), cancellation);

    public Task SetPinAsync(ulong controller, int pin, bool level, CancellationToken cancellation = default) =>
        GuardedAsync(() => events.SetPinAsync(controller, pin, level, Executed, cancellation), cancellation);

    public Task OnFlashAsync(ulong flash, Action<FlashOperation> seen, CancellationToken cancellation = default) =>
        GuardedAsync(Task () => throw MachineFailures.NoFlash(EmulatorName, flash), cancellation);

    public Task<byte[]> ReadMemoryAsync(ulong address, int count, CancellationToken cancellation = default) =>
        GuardedAsync(() => boot.Gdb.ReadMemoryAsync(address, count, cancellation), cancellation);

    public Task WriteMemoryAsync(ulong address, ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default) =>
        GuardedAsync(() => boot.Gdb.WriteMemoryAsync(address, bytes, cancellation), cancellation);

    public Task<MachineRegisters> RegistersAsync(CancellationToken cancellation = default) => GuardedAsync(() => ReadRegistersAsync(cancellation), cancellation);

    public Task<int> StackHighWaterAsync(CancellationToken cancellation = default) => GuardedAsync(
        async () =>
        {
            (ulong bottom, int bytes) = StackPaint.Range(Symbols) ?? throw new DiagnosticException("MCU1107", "The firmware has no symbols '__stack_limit' and '__stack_top'.", Symbols.Path);
            return StackPaint.Used(await boot.Gdb.ReadMemoryAsync(bottom, bytes, cancellation));
        },
        cancellation);

    public Task SaveSnapshotAsync(string name, CancellationToken cancellation = default) => GuardedAsync(
        async () =>
        {
            await PrepareSnapshotsAsync(cancellation);
            await boot.Qmp.JobAsync("snapshot-save", SnapshotArguments(name), cancellation);
            snapshots[name] = boot.Counter.Executed - atReset;
        },
        cancellation);

    public Task RestoreSnapshotAsync(string name, CancellationToken cancellation = default) => GuardedAsync(
        async () =>
        {
            if (!snapshots.TryGetValue(name, out long executed))
            {
                throw MachineFailures.Cannot(EmulatorName, $"There is no snapshot '{name}'.");
            }

            await boot.Qmp.JobAsync("snapshot-load", SnapshotArguments(name), cancellation);
            boot.Counter.SetExecuted(atReset + executed);
        },
        cancellation);

    public Task ResetAsync(CancellationToken cancellation = default) => GuardedAsync(
        async () =>
        {
            await boot.Qmp.ExecuteAsync("system_reset", null, cancellation);
            uint entry = Target.IsRiscV ? RiscvReset : BitConverter.ToUInt32(await boot.Gdb.ReadMemoryAsync(Target.Firmware!.Vectors + 4, 4, cancellation)) & ~1u;
            while (await boot.Gdb.ReadRegisterAsync(PcNumber, cancellation) != entry)
            {
                await Task.Delay(1, cancellation); // the main loop of QEMU does it, soon
            }

            atReset = boot.Counter.Executed;
        },
        cancellation);

    public async Task<PowerCut> PowerCutAsync(long instructions, IReadOnlyList<MemoryRegion> nonVolatile, CancellationToken cancellation = default)
    {
        PowerCut cut = await GuardedAsync(() => CutAsync(instructions, nonVolatile, cancellation), cancellation);
        hooks.ThrowIfFailed();
        return cut;
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        try
        {
            if (boot is not null)
            {
                await boot.DisposeAsync();
            }
        }
        finally
        {
            Serial.Complete();
            folder.Dispose();
            trace.Write(Serial);
        }
    }

    /// <summary>Tells of the writes at which the processor is held.</summary>
    internal Task TakeEventsAsync() => events.TakeAsync(atReset);

    internal long Executed => boot.Counter.Executed - atReset;

    internal IReadOnlyList<ulong> Handlers => handlers;

    /// <summary>gdb's number of the program counter.</summary>
    internal int PcNumber => Target.IsRiscV ? 32 : 15;

    internal bool HasEnded => ended;

    internal void MarkEnded() => ended = true;

    internal async Task<MachineRegisters> ReadRegistersAsync(CancellationToken cancellation)
    {
        if (Target.IsRiscV)
        {
            uint[] all = new uint[RiscvRegisters];
            for (int i = 0; i < all.Length; i++)
            {
                all[i] = await boot.Gdb.ReadRegisterAsync(i, cancellation);
            }

            return new MachineRegisters(all);
        }

        uint[] words = new uint[17];
        for (int i = 0; i < 16; i++)
        {
            words[i] = await boot.Gdb.ReadRegisterAsync(i, cancellation);
        }

        words[16] = await boot.Gdb.ReadRegisterAsync(XpsrNumber, cancellation);
        return new MachineRegisters(words);
    }

    private async Task<PowerCut> CutAsync(long instructions, IReadOnlyList<MemoryRegion> nonVolatile, CancellationToken cancellation)
    {
        await new QemuRun(this, boot, new RunUntil { WallClock = TimeSpan.FromHours(1) }).HoldAsync(atReset + instructions, cancellation);
        var memory = new List<byte[]>(nonVolatile.Count);
        foreach (MemoryRegion region in nonVolatile)
        {
            await boot.Qmp.ExecuteAsync("pmemsave", new JsonObject { ["val"] = region.Origin, ["size"] = region.Length, ["filename"] = "cut.bin" }, cancellation);
            memory.Add(await File.ReadAllBytesAsync(folder.At("cut.bin"), cancellation));
        }

        await boot.KillAsync();
        await Serial.DrainAsync();
        await boot.DisposeAsync();
        await BootAsync(cancellation);
        for (int i = 0; i < memory.Count; i++)
        {
            await boot.Gdb.WriteMemoryAsync(nonVolatile[i].Origin, memory[i], cancellation);
        }

        return new PowerCut(instructions, memory);
    }

    private async Task<bool> BootAsync(CancellationToken cancellation)
    {
        boot = await start();
        snapshotsReady = false;
        snapshots.Clear();
        atReset = 0;
        ended = false;
        await events.AttachAsync(boot, cancellation);
        // A firmware that enables its receiver does not make QEMU's main loop watch the connection; the next event of it does.
        QmpConnection qmp = boot.Qmp;
        Serial.Attach(boot.SerialStream, () => qmp.ExecuteAsync("query-status", null, CancellationToken.None));
        handlers = await FaultReader.HandlersAsync((address, count) => boot.Gdb.ReadMemoryAsync(address, count, cancellation), Target, Symbols);
        foreach (ulong handler in handlers)
        {
            await boot.Gdb.BreakpointAsync(handler, true, cancellation);
        }

        if (options.PaintStack && StackPaint.Range(Symbols) is { } range)
        {
            await boot.Gdb.WriteMemoryAsync(range.Bottom, StackPaint.Paint(range.Bytes), cancellation);
        }

        return true;
    }

    private async Task PrepareSnapshotsAsync(CancellationToken cancellation)
    {
        if (snapshotsReady)
        {
            return;
        }

        File.Delete(folder.At(SnapshotFile));
        await boot.Qmp.JobAsync("blockdev-create", new JsonObject { ["options"] = new JsonObject { ["driver"] = "file", ["filename"] = SnapshotFile, ["size"] = 0 } }, cancellation);
        await boot.Qmp.ExecuteAsync("blockdev-add", new JsonObject { ["driver"] = "file", ["filename"] = SnapshotFile, ["node-name"] = "snapshot-file" }, cancellation);
        await boot.Qmp.JobAsync("blockdev-create", new JsonObject { ["options"] = new JsonObject { ["driver"] = "qcow2", ["file"] = "snapshot-file", ["size"] = 1 << 20 } }, cancellation);
        await boot.Qmp.ExecuteAsync("blockdev-add", new JsonObject { ["driver"] = "qcow2", ["file"] = "snapshot-file", ["node-name"] = "snapshots" }, cancellation);
        snapshotsReady = true;
    }

    private static JsonObject SnapshotArguments(string name) => new() { ["tag"] = name, ["vmstate"] = "snapshots", ["devices"] = new JsonArray("snapshots") };

    private Task<bool> GuardedAsync(Func<Task> action, CancellationToken cancellation) => GuardedAsync(
        async () =>
        {
            await action();
            return true;
        },
        cancellation);

    /// <summary>Failures of the connection are told as what they mean.</summary>
    private async Task<T> GuardedAsync<T>(Func<Task<T>> action, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (disposed)
        {
            throw MachineFailures.Disposed(EmulatorName);
        }

        if (ended)
        {
            throw MachineFailures.Cannot(EmulatorName, "The program has ended, and QEMU with it.", "Start a new machine.");
        }

        try
        {
            return await action();
        }
        catch (InvalidDataException failure)
        {
            throw MachineFailures.Cannot(EmulatorName, "QEMU refuses: " + failure.Message + ".");
        }
        catch (InvalidOperationException failure)
        {
            throw MachineFailures.Cannot(EmulatorName, "QEMU refuses: " + failure.Message);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            cancellation.ThrowIfCancellationRequested();
            await boot.Process.WaitAsync(TimeSpan.FromSeconds(2));
            throw MachineFailures.Died(EmulatorName, LastWords(boot.Process.Words));
        }
    }

    private static string LastWords(string words) =>
        words.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(line => !line.Contains("warning:", StringComparison.Ordinal))?.Trim() ?? "";
}
