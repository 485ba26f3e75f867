using System.Buffers.Binary;
using Mcu.Emulation.Building;

namespace Mcu.Emulation.Running;

/// <summary>
/// The record of an AVR core (platform_avr.c): cause, and the word address that a call of address 0 would return to. The core has no faults; start-up
/// and harness see what they can.
/// </summary>
internal sealed class AvrFaultReport : IFaultReport
{
    private const int Bytes = 5;
    private const byte StackOverflow = 1;
    private const byte NullCall = 3;

    private readonly byte cause;
    private readonly uint caller;

    private AvrFaultReport(byte cause, uint caller)
    {
        this.cause = cause;
        this.caller = caller;
    }

    public static AvrFaultReport? Parse(byte[] bytes) =>
        bytes.Length == Bytes ? new AvrFaultReport(bytes[0], 2 * BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(1))) : null;

    public bool IsStackOverflow(ulong stackLimit) => cause == StackOverflow;

    public string Describe(ElfFile elf) => cause == NullCall
        ? "The program called a null pointer" + (elf.FunctionAt(caller) is { } function ? $", called from {function}." : ".")
        : "An interrupt came that nothing had asked for, or the program jumped into the interrupt vectors.";
}
