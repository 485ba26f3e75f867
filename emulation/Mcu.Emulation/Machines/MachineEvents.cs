namespace Mcu.Emulation.Machines;

/// <summary>One write of the firmware to watched memory or an output register.</summary>
/// <param name="Instructions">Executed since the reset, the writing one included.</param>
/// <param name="Address">Of the write; it may begin before the watched range.</param>
/// <param name="Bytes">1, 2, 4 or 8.</param>
/// <param name="Value">What was written, of as many bytes.</param>
public sealed record MachineWrite(long Instructions, ulong Address, int Bytes, ulong Value);

/// <summary>An output pin of a GPIO controller has another level.</summary>
/// <param name="Instructions">Executed since the reset, the one that changed the pin included.</param>
public sealed record PinChange(long Instructions, int Pin, bool Level);

/// <summary>An operation of a flash (<see cref="Renode.RenodePeripherals.NorFlash"/>).</summary>
/// <param name="Instructions">Executed since the reset, the one that began the operation included.</param>
/// <param name="Erases">Whether it erases a block; else it programs.</param>
/// <param name="Offset">Of the first byte, from the flash's beginning.</param>
/// <param name="Bytes">Of the whole operation.</param>
/// <param name="Done">Bytes that were done: fewer than <paramref name="Bytes"/> when the operation was torn, 0 after that.</param>
public sealed record FlashOperation(long Instructions, bool Erases, long Offset, int Bytes, int Done);

/// <summary>Hooks by name of a symbol.</summary>
public static class MachineHookExtensions
{
    /// <summary><see cref="IMachine.OnWriteAsync"/> for a whole variable; MCU1107 when the image has none of that name.</summary>
    public static Task OnWriteAsync(this IMachine machine, string variable, Action<MachineWrite> seen, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return machine.OnWriteAsync(machine.Symbols.AddressOf(variable), Math.Max(1, machine.Symbols.SizeOf(variable)), seen, cancellation);
    }
}

/// <summary>Who is told of what. A callback's exception ends no run in its middle: it is thrown behind it, and nobody is told more until then.</summary>
internal sealed class MachineHooks
{
    private readonly List<(ulong First, ulong End, Action<MachineWrite> Seen)> writes = [];
    private readonly List<(ulong Controller, Action<PinChange> Seen)> pins = [];
    private readonly List<(ulong Flash, Action<FlashOperation> Seen)> flashes = [];
    private Exception? failure;

    public IEnumerable<(ulong First, ulong End)> Ranges => writes.Select(write => (write.First, write.End)).Distinct();

    public IEnumerable<ulong> Controllers => pins.Select(pin => pin.Controller).Distinct();

    public IEnumerable<ulong> Flashes => flashes.Select(flash => flash.Flash).Distinct();

    public bool Any => writes.Count + pins.Count + flashes.Count > 0;

    public void Add(ulong first, ulong end, Action<MachineWrite> seen) => writes.Add((first, end, seen));

    public void Add(ulong controller, Action<PinChange> seen) => pins.Add((controller, seen));

    public void Add(ulong flash, Action<FlashOperation> seen) => flashes.Add((flash, seen));

    public void Tell(MachineWrite write) =>
        Tell(write, writes.Where(hook => write.Address < hook.End && write.Address + (ulong)write.Bytes > hook.First).Select(hook => hook.Seen));

    public void Tell(ulong controller, PinChange change) => Tell(change, pins.Where(hook => hook.Controller == controller).Select(hook => hook.Seen));

    public void Tell(ulong flash, FlashOperation operation) => Tell(operation, flashes.Where(hook => hook.Flash == flash).Select(hook => hook.Seen));

    /// <summary>Throws what a callback threw.</summary>
    public void ThrowIfFailed()
    {
        if (failure is { } thrown)
        {
            failure = null;
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(thrown);
        }
    }

    private void Tell<T>(T what, IEnumerable<Action<T>> hooks)
    {
        foreach (Action<T> seen in hooks.ToArray())
        {
            if (failure is not null)
            {
                return;
            }

            try
            {
                seen(what);
            }
            catch (Exception thrown) when (failure is null)
            {
                failure = thrown;
            }
        }
    }
}
