using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Running;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Renode;

/// <summary>A machine in Renode, by commands to the agent.</summary>
internal sealed class RenodeSession : IMachine
{
    private const string EmulatorName = "renode";
    private const int SliceMilliseconds = 200;

    private readonly RunFolder folder;
    private readonly MachineOptions options;
    private readonly RenodeHost host;
    private readonly Func<RenodeHost, ValueTask> giveBack;
    private readonly MachineHooks hooks = new();
    private readonly RenodeHooks events;
    private readonly MachineTrace trace;
    private readonly Dictionary<string, long> snapshots = new(StringComparer.Ordinal);
    private IReadOnlyList<ulong> handlers = [];
    private TcpListener? serialListener;
    private long executed;
    private long atReset;
    private bool disposed;
    private int files;

    private RenodeSession(
        TargetDescription target, FirmwareSymbols symbols, RunFolder folder, MachineOptions options, RenodeHost host, Func<RenodeHost, ValueTask> giveBack)
    {
        Target = target;
        Symbols = symbols;
        this.folder = folder;
        this.options = options;
        this.host = host;
        this.giveBack = giveBack;
        events = new RenodeHooks(hooks, host, folder);
        trace = new MachineTrace(options.Artifacts, EmulatorName, target.Name);
    }

    public string Emulator => EmulatorName;

    public TargetDescription Target { get; }

    public FirmwareSymbols Symbols { get; }

    public SerialPort Serial { get; } = new();

    public static async Task<IMachine> StartAsync(
        TargetDescription target, FirmwareSymbols symbols, RunFolder folder, MachineOptions options, RenodeHost host, Func<RenodeHost, ValueTask> giveBack, CancellationToken cancellation)
    {
        var session = new RenodeSession(target, symbols, folder, options, host, giveBack);
        File.Copy(symbols.Path, folder.At(RenodePlatform.ImageName));
        await File.WriteAllTextAsync(folder.At(RenodePlatform.PlatformName), RenodePlatform.Platform(target, options.Peripherals), cancellation);
        await File.WriteAllTextAsync(folder.At(RenodePlatform.ScriptName), RenodePlatform.Script(target, folder.Path, options.Arguments), cancellation);
        foreach (string source in options.PeripheralSources)
        {
            await host.CompileAsync(source);
        }

        await session.BootAsync(cancellation);
        return session;
    }

    public Task<long> InstructionsAsync(CancellationToken cancellation = default)
    {
        Check(cancellation);
        return Task.FromResult(executed - atReset);
    }

    public async Task<MachineStop> RunAsync(RunUntil until, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(until);
        Check(cancellation);
        ulong? goal = until.Address ?? (until.Symbol is { } name ? Symbols.AddressOf(name) : null);
        if (goal is { } set)
        {
            await host.ExecuteAsync(Command($"agent Break 0x{set:x}"));
        }

        DateTime end = DateTime.UtcNow + until.WallClock;
        long last = until.Limit is { } limit ? executed + limit : long.MaxValue;
        // Renode's processor may wait, also in a jump to itself: time passes then without instructions.
        await host.ExecuteAsync(Command($"agent Deadline {(ulong)(until.VirtualTime?.TotalNanoseconds ?? 0)}"));
        while (true)
        {
            long part = last == long.MaxValue ? 0 : Math.Max(1, last - executed);
            RenodeState state = await AgentAsync(Command($"agent Run {part} {SliceMilliseconds}"));
            if (state.Reason == "time" && executed >= last)
            {
                state = state with { Reason = "limit" }; // met by the quantum in which the slice ended
            }

            if (state.Reason != "time" || DateTime.UtcNow > end || cancellation.IsCancellationRequested)
            {
                if (goal is { } reset && !handlers.Contains(reset))
                {
                    await host.ExecuteAsync(Command($"agent Unbreak 0x{reset:x}"));
                }

                cancellation.ThrowIfCancellationRequested();
                MachineStop stop = trace.Note(await StopAsync(state, goal, cancellation));
                hooks.ThrowIfFailed();
                return stop;
            }
        }
    }

    public Task OnWriteAsync(ulong address, int bytes, Action<MachineWrite> seen, CancellationToken cancellation = default)
    {
        Check(cancellation);
        return events.OnWriteAsync(address, MachineFailures.CheckRange(address, bytes), seen);
    }

    public Task OnPinAsync(ulong controller, Action<PinChange> seen, CancellationToken cancellation = default)
    {
        Check(cancellation);
        return events.OnPinAsync(controller, seen);
    }

    public async Task SetPinAsync(ulong controller, int pin, bool level, CancellationToken cancellation = default)
    {
        Check(cancellation);
        await events.SetPinAsync(controller, pin, level);
        await events.TakeAsync(atReset);
    }

    public Task OnFlashAsync(ulong flash, Action<FlashOperation> seen, CancellationToken cancellation = default)
    {
        Check(cancellation);
        return events.OnFlashAsync(flash, seen);
    }

    public async Task<byte[]> ReadMemoryAsync(ulong address, int count, CancellationToken cancellation = default)
    {
        Check(cancellation);
        string file = NewFile();
        await host.ExecuteAsync(Command($"agent Save 0x{address:x} {count} \"{file}\""));
        return await File.ReadAllBytesAsync(file, cancellation);
    }

    public async Task WriteMemoryAsync(ulong address, ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
    {
        Check(cancellation);
        string file = NewFile();
        await File.WriteAllBytesAsync(file, bytes, cancellation);
        await host.ExecuteAsync(Command($"agent Load 0x{address:x} \"{file}\""));
    }

    public async Task<MachineRegisters> RegistersAsync(CancellationToken cancellation = default)
    {
        Check(cancellation);
        string answer = await host.ExecuteAsync("agent Registers");
        return new MachineRegisters([.. answer.Split(' ').Select(word => uint.Parse(word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))]);
    }

    public async Task<int> StackHighWaterAsync(CancellationToken cancellation = default)
    {
        (ulong bottom, int bytes) = StackPaint.Range(Symbols) ?? throw new DiagnosticException("MCU1107", "The firmware has no symbols '__stack_limit' and '__stack_top'.", Symbols.Path);
        return StackPaint.Used(await ReadMemoryAsync(bottom, bytes, cancellation));
    }

    public async Task SaveSnapshotAsync(string name, CancellationToken cancellation = default)
    {
        Check(cancellation);
        await host.ExecuteAsync($"agent Snapshot \"{SnapshotFile(name)}\"");
        snapshots[name] = atReset;
    }

    public async Task RestoreSnapshotAsync(string name, CancellationToken cancellation = default)
    {
        Check(cancellation);
        if (!snapshots.TryGetValue(name, out long resetThen))
        {
            throw MachineFailures.Cannot(EmulatorName, $"There is no snapshot '{name}'.");
        }

        await host.ExecuteAsync("Load " + RenodeHost.PathArgument(SnapshotFile(name)));
        await host.ExecuteAsync("mach set 0");
        await AttachAsync(cancellation);
        await host.ExecuteAsync($"agent Reopen \"{SnapshotFile(name)}\"");
        atReset = resetThen;
    }

    public async Task ResetAsync(CancellationToken cancellation = default)
    {
        Check(cancellation);
        await host.ExecuteAsync("machine Reset");
        await host.ExecuteAsync(Command($"cpu {(Target.IsRiscV ? "PC" : "VectorTableOffset")} 0x{Target.Firmware!.Vectors:x}"));
        executed = RenodeState.Parse(await host.ExecuteAsync("agent Now")).Instructions;
        atReset = executed;
    }

    public async Task<PowerCut> PowerCutAsync(long instructions, IReadOnlyList<MemoryRegion> nonVolatile, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(nonVolatile);
        Check(cancellation);
        RenodeState state = await AgentAsync(Command($"agent Step {instructions - (executed - atReset)}"));
        if (executed - atReset != instructions)
        {
            throw MachineFailures.Cannot(EmulatorName, Command($"The program ended after {executed - atReset} instructions, before the power cut ({state.Reason})."));
        }

        var memory = new List<byte[]>(nonVolatile.Count);
        foreach (MemoryRegion region in nonVolatile)
        {
            memory.Add(await ReadMemoryAsync(region.Origin, (int)region.Length, cancellation));
        }

        await host.ExecuteAsync("Clear");
        await BootAsync(cancellation);
        for (int i = 0; i < memory.Count; i++)
        {
            await WriteMemoryAsync(nonVolatile[i].Origin, memory[i], cancellation);
        }

        hooks.ThrowIfFailed();
        return new PowerCut(instructions, memory);
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        serialListener?.Dispose();
        try
        {
            await host.ExecuteAsync("Clear");
        }
        catch (DiagnosticException)
        {
            // It has died; giving it back finds that.
        }

        try
        {
            Serial.Complete();
            await giveBack(host);
        }
        finally
        {
            folder.Dispose();
            trace.Write(Serial);
        }
    }

    private static string Command(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Check(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (disposed)
        {
            throw MachineFailures.Disposed(EmulatorName);
        }
    }

    private string NewFile() => folder.At(Command($"memory{files++}.bin"));

    private string SnapshotFile(string name) => folder.At("snapshot-" + Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(name)) + ".save");

    private async Task BootAsync(CancellationToken cancellation)
    {
        await host.ExecuteAsync("include " + RenodeHost.PathArgument(folder.At(RenodePlatform.ScriptName)));
        executed = 0;
        atReset = 0;
        await ListenAsync(cancellation);
        if (options.PaintStack && StackPaint.Range(Symbols) is { } range)
        {
            await WriteMemoryAsync(range.Bottom, StackPaint.Paint(range.Bytes), cancellation);
        }
    }

    /// <summary>A restored machine is a new object to Renode: the agent, its hooks and the serial port are attached again.</summary>
    private async Task AttachAsync(CancellationToken cancellation)
    {
        await host.ExecuteAsync("emulation CreateMcuAgent \"agent\"");
        await host.ExecuteAsync(RenodePlatform.Attach(Target, folder.Path, options.Arguments));
        await ListenAsync(cancellation);
        executed = RenodeState.Parse(await host.ExecuteAsync("agent Now")).Instructions;
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        handlers = await FaultReader.HandlersAsync((address, count) => ReadMemoryAsync(address, count, cancellation), Target, Symbols);
        foreach (ulong handler in handlers)
        {
            await host.ExecuteAsync(Command($"agent Break 0x{handler:x}"));
        }

        await Serial.DrainAsync(); // the agent of the machine before has closed it
        serialListener?.Dispose();
        await events.AttachAsync();
        serialListener = new TcpListener(IPAddress.Loopback, 0);
        serialListener.Start();
        Task<TcpClient> accept = serialListener.AcceptTcpClientAsync(cancellation).AsTask();
        await host.ExecuteAsync(Command($"agent Serial {RenodePlatform.Serial(Target)} {((IPEndPoint)serialListener.LocalEndpoint).Port}"));
        Serial.Attach((await accept).GetStream());
    }

    private async Task<RenodeState> AgentAsync(string command)
    {
        RenodeState state = RenodeState.Parse(await host.ExecuteAsync(command));
        executed = state.Instructions;
        await events.TakeAsync(atReset);
        return state;
    }

    private async Task<MachineStop> StopAsync(RenodeState state, ulong? goal, CancellationToken cancellation)
    {
        long count = executed - atReset;
        if (state.Reason == "exit")
        {
            return new MachineStop(StopReason.Exited, 0, null, count, state.ExitCode, null);
        }

        if (state.Reason == "hit" && state.Pc != goal && handlers.Contains(state.Pc))
        {
            (StopReason kind, string sentence, string? function) = await FaultReader.ReadAsync(
                await RegistersAsync(cancellation), (address, bytes) => ReadMemoryAsync(address, bytes, cancellation), Symbols, Target);
            return new MachineStop(kind, state.Pc, function, count, 0, sentence);
        }

        StopReason reason = state.Reason switch
        {
            "hit" => StopReason.Reached,
            "lockup" => StopReason.LockUp,
            "limit" => StopReason.InstructionLimit,
            _ => StopReason.TimeLimit,
        };
        return new MachineStop(reason, state.Pc, Symbols.FunctionAt(state.Pc), count, 0, null);
    }
}
