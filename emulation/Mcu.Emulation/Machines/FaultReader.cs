using System.Buffers.Binary;
using Mcu.Emulation.Running;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Machines;

/// <summary>Finds the fault handlers of an image and reads a fault at the entry of one.</summary>
internal static class FaultReader
{
    private const ulong StatusRegisters = 0xE000ED28;
    private const string RiscvHandler = "mcu_fault_report";
    private const int FirstArgument = 10;
    private const int FirstFault = 3;
    private const int LastFault = 7;
    private const uint ProcessStack = 4;
    private const uint FrameNotWritten = 1u << 4 | 1u << 12 | 1u << 20;

    /// <summary>
    /// On Arm entry addresses of HardFault to SecureFault, from the vector table; on RISC-V the function to which Mcu's start-up
    /// gives the record of a trap, if the image has it.
    /// </summary>
    public static async Task<IReadOnlyList<ulong>> HandlersAsync(
        Func<ulong, int, Task<byte[]>> read, TargetDescription target, FirmwareSymbols symbols)
    {
        if (target.IsRiscV)
        {
            return symbols.Find(RiscvHandler) is { } handler ? [handler] : [];
        }

        byte[] table = await read(target.Firmware!.Vectors, (LastFault + 1) * 4);
        return
        [
            .. Enumerable.Range(FirstFault, LastFault - FirstFault + 1)
                .Select(i => BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(i * 4)) & ~1u)
                .Where(address => address != 0)
                .Select(address => (ulong)address)
                .Distinct(),
        ];
    }

    /// <summary>What happened, from the registers at the first instruction of a handler.</summary>
    public static async Task<(StopReason Reason, string Sentence, string? Function)> ReadAsync(
        MachineRegisters registers, Func<ulong, int, Task<byte[]>> read, FirmwareSymbols symbols, TargetDescription target)
    {
        TargetFirmware firmware = target.Firmware!;
        ulong limit = symbols.Find("__stack_limit") ?? firmware.Ram.Origin;
        if (target.IsRiscV)
        {
            RiscvFaultReport trap = RiscvFaultReport.Parse(await read(registers.Words[FirstArgument], RiscvFaultReport.Bytes))!;
            return (trap.IsStackOverflow(limit) ? StopReason.StackOverflow : StopReason.Fault, trap.Describe(symbols.Elf), symbols.FunctionAt(trap.Pc));
        }

        byte[] status = await read(StatusRegisters, 20);
        uint[] words = new uint[FaultReport.Words];
        words[0] = registers.Words[16] & 0x1FF;
        words[1] = registers.LinkRegister;
        words[2] = registers.StackPointer;
        words[3] = Word(status, 0);
        words[4] = Word(status, 4);
        words[5] = Word(status, 12);
        words[6] = Word(status, 16);
        bool onMainStack = (words[1] & ProcessStack) == 0;
        if (onMainStack && (words[3] & FrameNotWritten) == 0 && Contains(firmware.Ram, words[2], 32))
        {
            words[7] = 1;
            byte[] frame = await read(words[2], 32);
            for (int i = 0; i < 8; i++)
            {
                words[8 + i] = Word(frame, i * 4);
            }
        }

        var report = new FaultReport(words);
        StopReason reason = report.IsStackOverflow(limit) ? StopReason.StackOverflow : StopReason.Fault;
        return (reason, report.Describe(symbols.Elf), symbols.FunctionAt(report.Pc));
    }

    private static bool Contains(MemoryRegion region, uint address, int bytes) =>
        address >= region.Origin && address - region.Origin + (ulong)bytes <= region.Length;

    private static uint Word(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
}
