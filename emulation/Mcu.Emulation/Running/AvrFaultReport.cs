using Mcu.Emulation.Building;

namespace Mcu.Emulation.Running;

/// <summary>The record of an AVR core (platform_avr.c): one byte. The core has no faults; start-up and harness see what they can.</summary>
internal sealed class AvrFaultReport : IFaultReport
{
    private const byte StackOverflow = 1;

    private readonly byte cause;

    private AvrFaultReport(byte cause) => this.cause = cause;

    public static AvrFaultReport? Parse(byte[] bytes) => bytes.Length == 1 ? new AvrFaultReport(bytes[0]) : null;

    public bool IsStackOverflow(ulong stackLimit) => cause == StackOverflow;

    public string Describe(ElfFile elf) => "An interrupt came that nothing had asked for, or the program jumped into the interrupt vectors.";
}
