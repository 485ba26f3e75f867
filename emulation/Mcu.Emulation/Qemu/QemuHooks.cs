using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Running;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Qemu;

/// <summary>
/// Hooks of a machine in QEMU. The plugin holds the processor behind each watched write; memory is read then, and what went to a device
/// is found in QEMU's own trace of such writes. Pins change by writes to their controller, and are asked for at each.
/// </summary>
internal sealed partial class QemuHooks(MachineHooks hooks, TargetDescription target, RunFolder folder)
{
    private const string TraceFile = "trace.log";
    private const string ValueFile = "value.bin";

    /// <summary>A next write often follows at once.</summary>
    private static readonly TimeSpan Follow = TimeSpan.FromMicroseconds(300);

    private QemuBoot boot = null!;
    private bool tracing;
    private bool intercepting;
    private long traced;
    private int armed;

    /// <summary>Puts the hooks into a QEMU that has just started.</summary>
    public async Task AttachAsync(QemuBoot started, CancellationToken cancellation)
    {
        boot = started;
        tracing = false;
        intercepting = false;
        armed = 0;
        foreach ((ulong first, ulong end) in hooks.Ranges)
        {
            await WatchAsync(first, end, cancellation);
        }

        foreach (ulong _ in hooks.Controllers)
        {
            await InterceptAsync(cancellation);
        }
    }

    public async Task OnWriteAsync(ulong first, ulong end, Action<MachineWrite> seen, CancellationToken cancellation)
    {
        if (!hooks.Ranges.Contains((first, end)))
        {
            await WatchAsync(first, end, cancellation);
        }

        hooks.Add(first, end, seen);
    }

    /// <summary>MCU1125 where the machine models no such controller.</summary>
    public async Task OnPinAsync(ulong controller, Action<PinChange> seen, CancellationToken cancellation)
    {
        Controller(controller);
        await InterceptAsync(cancellation);
        hooks.Add(controller, seen);
    }

    /// <summary>MCU1125 where the machine models no such controller or pin.</summary>
    public async Task SetPinAsync(ulong controller, int pin, bool level, long instructions, CancellationToken cancellation)
    {
        QemuGpio gpio = Controller(controller);
        MachineFailures.CheckPin("qemu", controller, pin, gpio.Pins);
        Tell(instructions, await boot.Qtest!.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"set_irq_in {gpio.Path} unnamed-gpio-in {pin} {(level ? 1 : 0)}"), cancellation));
    }

    /// <summary>Tells of the writes at which the processor is held, and lets it go on.</summary>
    public async Task TakeAsync(long atReset)
    {
        while (boot.Counter.Write is { } write)
        {
            long instructions = boot.Counter.Executed - atReset;
            if (hooks.Ranges.Any(range => write.Address < range.End && write.Address + (ulong)write.Bytes > range.First))
            {
                hooks.Tell(new MachineWrite(instructions, write.Address, write.Bytes, await ValueAsync(write.Address, write.Bytes)));
            }

            if (intercepting && QemuGpio.Of(target) is { } gpio && gpio.Has(write.Address))
            {
                Tell(instructions, await boot.Qtest!.ExecuteAsync("endianness", CancellationToken.None));
            }

            boot.Counter.GoOn();
            long start = TimeProvider.System.GetTimestamp();
            while (boot.Counter.Write is null && TimeProvider.System.GetElapsedTime(start) < Follow)
            {
                Thread.Yield();
            }
        }
    }

    private void Tell(long instructions, IReadOnlyList<(int Line, bool Level)> changes)
    {
        foreach ((int line, bool level) in changes)
        {
            foreach (ulong controller in hooks.Controllers)
            {
                hooks.Tell(controller, new PinChange(instructions, line, level));
            }
        }
    }

    private QemuGpio Controller(ulong address) =>
        QemuGpio.Of(target) is { } gpio && gpio.Has(address) ? gpio : throw MachineFailures.NoController("qemu", address);

    private async Task InterceptAsync(CancellationToken cancellation)
    {
        if (!intercepting)
        {
            QemuGpio gpio = QemuGpio.Of(target)!;
            Arm(gpio.Address, gpio.Address + gpio.Length);
            await boot.Qtest!.ExecuteAsync("irq_intercept_out " + gpio.Path, cancellation);
            intercepting = true;
        }
    }

    private async Task WatchAsync(ulong first, ulong end, CancellationToken cancellation)
    {
        MemoryRegion ram = target.Firmware!.Ram;
        if (!tracing && (first < ram.Origin || end > ram.Origin + (ulong)ram.Length))
        {
            File.Delete(folder.At(TraceFile));
            traced = 0;
            await MonitorAsync("logfile " + TraceFile, cancellation);
            await MonitorAsync("log trace:memory_region_ops_write", cancellation);
            tracing = true;
        }

        Arm(first, end);
    }

    private void Arm(ulong first, ulong end)
    {
        if (armed == MachineCounter.MostWatches)
        {
            throw MachineFailures.Cannot("qemu", $"At most {MachineCounter.MostWatches} ranges can be watched; the pins take one of them.", "Watch one range around several.");
        }

        boot.Counter.Watch(first, end);
        armed++;
    }

    private Task<JsonNode?> MonitorAsync(string command, CancellationToken cancellation) =>
        boot.Qmp.ExecuteAsync("human-monitor-command", new JsonObject { ["command-line"] = command }, cancellation);

    private async Task<ulong> ValueAsync(ulong address, int bytes)
    {
        if (tracing && await TracedAsync(address, bytes) is { } value)
        {
            return value;
        }

        await boot.Qmp.ExecuteAsync("pmemsave", new JsonObject { ["val"] = address, ["size"] = bytes, ["filename"] = ValueFile }, CancellationToken.None);
        byte[] content = new byte[8];
        (await File.ReadAllBytesAsync(folder.At(ValueFile))).CopyTo(content, 0);
        return BitConverter.ToUInt64(content);
    }

    /// <summary>The value that went to a device; null when none did. A device of smaller registers takes it in parts.</summary>
    private async Task<ulong?> TracedAsync(ulong address, int bytes)
    {
        await using var file = new FileStream(folder.At(TraceFile), FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
        file.Position = traced;
        using var reader = new StreamReader(file);
        string text = await reader.ReadToEndAsync();
        traced += text.Length;
        ulong? value = null;
        foreach (Match line in DeviceWrite().Matches(text))
        {
            ulong at = Hex(line.Groups["address"].ValueSpan) - address;
            if (at < (ulong)bytes)
            {
                value = (at == 0 ? 0 : value ?? 0) | Hex(line.Groups["value"].ValueSpan) << (8 * (int)at);
            }
        }

        return value;
    }

    private static ulong Hex(ReadOnlySpan<char> digits) => ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [GeneratedRegex("memory_region_ops_write .* addr 0x(?<address>[0-9a-f]+) value 0x(?<value>[0-9a-f]+) ")]
    private static partial Regex DeviceWrite();
}
