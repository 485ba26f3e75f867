using System.Globalization;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Machines;

/// <summary>Diagnostics of runs that ended otherwise than expected.</summary>
internal static class MachineFailures
{
    public static DiagnosticException Of(MachineStop stop, StopReason expected)
    {
        string place = string.Create(CultureInfo.InvariantCulture, $"after {stop.Instructions} instructions") + (stop.Function is null ? "" : ", in " + stop.Function);
        return stop.Reason switch
        {
            StopReason.Fault => new("MCU1112", stop.Fault ?? "The processor faulted.", place),
            StopReason.LockUp => new("MCU1113", "The processor locked up: a fault inside the handling of a fault.", place),
            StopReason.TimeLimit => new("MCU1114", $"The time limit was reached before the firmware {Words(expected)}.", place, "An endless loop never ends; else give a longer limit."),
            StopReason.InstructionLimit => new("MCU1115", $"The limit of instructions was reached before the firmware {Words(expected)}.", place, "An endless loop never ends; else give a higher limit."),
            StopReason.StackOverflow => new("MCU1116", "The stack overflowed. " + stop.Fault, place, "Give the stack more bytes."),
            StopReason.Exited => new("MCU1118", string.Create(CultureInfo.InvariantCulture, $"The program ended with {stop.ExitCode} before it {Words(expected)}."), place),
            _ => new("MCU1118", $"The firmware came to {stop.Function ?? "an address"} before it {Words(expected)}.", place),
        };
    }

    public static DiagnosticException Died(string emulator, string words) =>
        new("MCU1104", $"The emulator ended by itself{(words.Length > 0 ? ": " + words : ".")}", emulator, "Was it killed? Is there memory enough?");

    public static DiagnosticException PortTaken(string emulator, int? port) =>
        new("MCU1105", string.Create(CultureInfo.InvariantCulture, $"Port {port} is in use."), emulator, "Choose another one, or leave it to the emulator.");

    public static DiagnosticException NotReady(string emulator, string words) =>
        new("MCU1106", "The emulator does not answer. " + words, emulator, "See 'mcu doctor'.");

    public static DiagnosticException Cannot(string emulator, string what, string hint = "") => new("MCU1108", what, emulator, hint);

    public static DiagnosticException Disposed(string emulator) => new("MCU1109", "The machine was disposed.", emulator);

    public static DiagnosticException NoMachine(string emulator, string target) =>
        new("MCU1111", $"There is no machine of {emulator} for this target.", "target " + target, "See 'mcu targets'.");

    public static DiagnosticException NoController(string emulator, ulong address) => new(
        "MCU1125", string.Create(CultureInfo.InvariantCulture, $"At 0x{address:x} the machine of this emulator has no GPIO controller whose pins are modelled."), emulator,
        emulator == "renode" ? "Add one by MachineOptions.Peripherals; give the address of one of its registers." : "Watch the output register with OnWriteAsync, or add a controller in Renode.");

    public static DiagnosticException NoFlash(string emulator, ulong address) => new(
        "MCU1126", string.Create(CultureInfo.InvariantCulture, $"At 0x{address:x} there is no flash whose operations are modelled."), emulator,
        "RenodePeripherals.NorFlash is one; watch the memory with OnWriteAsync elsewhere.");

    /// <summary>MCU1125 for a pin that the controller has not.</summary>
    public static void CheckPin(string emulator, ulong controller, int pin, int pins)
    {
        if (pin < 0 || pin >= pins)
        {
            throw new DiagnosticException("MCU1125", string.Create(CultureInfo.InvariantCulture, $"The GPIO controller at 0x{controller:x} has no pin {pin}."), emulator, $"It has pins 0 to {pins - 1}.");
        }
    }

    /// <summary>The end of a watched range.</summary>
    public static ulong CheckRange(ulong address, int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        return address + (ulong)bytes;
    }

    private static string Words(StopReason expected) => expected switch
    {
        StopReason.Exited => "ended",
        StopReason.Reached => "reached its goal",
        _ => "stopped as expected",
    };
}
