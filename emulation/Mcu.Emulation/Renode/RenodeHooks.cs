using System.Globalization;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Running;

namespace Mcu.Emulation.Renode;

/// <summary>Hooks of a machine in Renode. The agent notes what happens, and this reads it behind each part of a run.</summary>
internal sealed class RenodeHooks(MachineHooks hooks, RenodeHost host, RunFolder folder)
{
    private const string EmulatorName = "renode";
    private const string EventsName = "events.txt";
    private const int MostBytes = 1024;

    /// <summary>Puts the hooks into a machine that is new to Renode.</summary>
    public async Task AttachAsync()
    {
        foreach ((ulong first, ulong end) in hooks.Ranges)
        {
            await WatchAsync(first, end);
        }

        foreach (ulong controller in hooks.Controllers)
        {
            await host.ExecuteAsync(Command($"agent WatchPins 0x{controller:x}"));
        }

        foreach (ulong flash in hooks.Flashes)
        {
            await host.ExecuteAsync(Command($"agent WatchFlash 0x{flash:x}"));
        }
    }

    /// <summary>MCU1108 for a range that would take Renode too long.</summary>
    public async Task OnWriteAsync(ulong first, ulong end, Action<MachineWrite> seen)
    {
        if (end - first > MostBytes)
        {
            throw MachineFailures.Cannot(EmulatorName, $"At most {MostBytes} bytes can be watched at a time.", "A flash tells its operations by OnFlashAsync.");
        }

        if (!hooks.Ranges.Contains((first, end)))
        {
            await WatchAsync(first, end);
        }

        hooks.Add(first, end, seen);
    }

    /// <summary>MCU1125 where the machine has no such controller.</summary>
    public async Task OnPinAsync(ulong controller, Action<PinChange> seen)
    {
        string command = hooks.Controllers.Contains(controller) ? "Pins" : "WatchPins";
        if (Number(await host.ExecuteAsync(Command($"agent {command} 0x{controller:x}"))) == 0)
        {
            throw MachineFailures.NoController(EmulatorName, controller);
        }

        hooks.Add(controller, seen);
    }

    /// <summary>MCU1125 where the machine has no such controller or pin.</summary>
    public async Task SetPinAsync(ulong controller, int pin, bool level)
    {
        int pins = Number(await host.ExecuteAsync(Command($"agent Pins 0x{controller:x}")));
        if (pins == 0)
        {
            throw MachineFailures.NoController(EmulatorName, controller);
        }

        MachineFailures.CheckPin(EmulatorName, controller, pin, pins);
        await host.ExecuteAsync(Command($"agent SetPin 0x{controller:x} {pin} {(level ? 1 : 0)}"));
    }

    /// <summary>MCU1126 where the machine has no flash that tells its operations.</summary>
    public async Task OnFlashAsync(ulong flash, Action<FlashOperation> seen)
    {
        if (!hooks.Flashes.Contains(flash) && !bool.Parse(await host.ExecuteAsync(Command($"agent WatchFlash 0x{flash:x}"))))
        {
            throw MachineFailures.NoFlash(EmulatorName, flash);
        }

        hooks.Add(flash, seen);
    }

    /// <summary>Tells of what happened since the last time.</summary>
    public async Task TakeAsync(long atReset)
    {
        if (!hooks.Any || Number(await host.ExecuteAsync($"agent Events \"{folder.At(EventsName)}\"")) == 0)
        {
            return;
        }

        string[] lines = await File.ReadAllLinesAsync(folder.At(EventsName));
        File.Delete(folder.At(EventsName));
        foreach (string[] words in lines.Select(line => line.Split(' ')))
        {
            long instructions = long.Parse(words[0], CultureInfo.InvariantCulture) - atReset;
            switch (words[1])
            {
                case "write":
                    hooks.Tell(new MachineWrite(instructions, Hex(words[2]), Number(words[3]), Hex(words[4])));
                    break;
                case "pin":
                    hooks.Tell(Hex(words[2]), new PinChange(instructions, Number(words[3]), words[4] == "1"));
                    break;
                default:
                    hooks.Tell(Hex(words[2]), new FlashOperation(instructions, words[3] == "1", (long)Hex(words[4]), Number(words[5]), Number(words[6])));
                    break;
            }
        }
    }

    private Task<string> WatchAsync(ulong first, ulong end) => host.ExecuteAsync(Command($"agent Watch 0x{first:x} {end - first}"));

    private static string Command(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>The monitor prints whole numbers in hexadecimal form.</summary>
    private static int Number(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? int.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
        : int.Parse(text, CultureInfo.InvariantCulture);

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
