using System.Buffers.Binary;
using System.Globalization;
using Mcu.Emulation.Building;

namespace Mcu.Emulation.Running;

/// <summary>The record of an RV32 core (platform_riscv.c): mcause, x1 to x31, mepc, mtval.</summary>
internal sealed class RiscvFaultReport : IFaultReport
{
    /// <summary>Size of the record.</summary>
    public const int Bytes = Words * 4;

    private const int Words = 34;
    private const int ReturnAddress = 1;
    private const int StackPointer = 2;
    private const int PcWord = 32;
    private const int Value = 33;

    /// <summary>Table 3.6 of "The RISC-V Instruction Set Manual, Volume II: Privileged Architecture", version 20211203.</summary>
    private static readonly string[] Causes =
    [
        "executed at an unaligned address", "executed where no code is", "executed an undefined instruction", "came to a breakpoint",
        "loaded from memory unaligned", "accessed memory that the target does not have",
        "stored to memory unaligned", "wrote to memory that the target does not have, or to flash",
    ];

    private static readonly string[] Names =
    [
        "", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
        "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    ];

    private readonly uint[] words;

    private RiscvFaultReport(uint[] words) => this.words = words;

    /// <summary>Address of the instruction at fault.</summary>
    public uint Pc => words[PcWord];

    public static RiscvFaultReport? Parse(byte[] bytes)
    {
        if (bytes.Length != Bytes)
        {
            return null;
        }

        uint[] words = new uint[Words];
        for (int i = 0; i < Words; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * 4));
        }

        return new RiscvFaultReport(words);
    }

    public bool IsStackOverflow(ulong stackLimit) => words[StackPointer] < stackLimit;

    public string Describe(ElfFile elf)
    {
        string trap = words[0] < Causes.Length ? Causes[words[0]] : Invariant($"of cause {words[0]}");
        string cause = Pc == 0 ? "called a null pointer" : Invariant($"{trap} at 0x{words[Value]:x8}");
        string? function = elf.FunctionAt(words[PcWord]);
        string? caller = elf.FunctionAt(words[ReturnAddress]);
        string place = function is not null ? $", in {function}" : caller is not null ? $", called from {caller}" : "";
        string registers = string.Concat(Enumerable.Range(1, Names.Length - 1).Select(i => Invariant($" {Names[i]}={words[i]:x8}")));
        return Invariant($"Trap: {cause}{place}; registers: pc={words[PcWord]:x8}{registers} mcause={words[0]:x8}.");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
