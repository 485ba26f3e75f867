using System.Buffers.Binary;
using System.Globalization;
using Mcu.Emulation.Building;

namespace Mcu.Emulation.Running;

/// <summary>What the fault handler of the harness wrote.</summary>
internal interface IFaultReport
{
    bool IsStackOverflow(ulong stackLimit);

    /// <summary>One sentence: exception, cause, place and registers.</summary>
    string Describe(ElfFile elf);
}

/// <summary>The record of an Arm M-profile core (platform_arm.c).</summary>
internal sealed class FaultReport : IFaultReport
{
    /// <summary>Exception, EXC_RETURN, sp, CFSR, HFSR, MMFAR, BFAR, whether the frame is there, the frame.</summary>
    public const int Words = 16;

    private const int FrameStart = 8;
    private const uint StackingFaults = 1u << 4 | 1u << 12 | 1u << 20;
    private const uint MemoryAddressValid = 1u << 7;
    private const uint BusAddressValid = 1u << 15;

    private static readonly string[] Exceptions = ["", "reset", "NMI", "HardFault", "MemManage fault", "BusFault", "UsageFault", "SecureFault"];

    private static readonly string[] FrameNames = ["r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr"];

    /// <summary>Configurable Fault Status Register, Armv8-M Architecture Reference Manual, D1.2.</summary>
    private static readonly (int Bit, string Text)[] Causes =
    [
        (0, "executed where no code is"),
        (1, "accessed memory that the target does not have, or wrote to flash"),
        (3, "return from an exception failed"),
        (4, "no memory for the exception frame"),
        (8, "fetched an instruction from nowhere"),
        (9, "accessed memory that the target does not have"),
        (10, "wrote to memory that the target does not have"),
        (12, "no memory for the exception frame"),
        (16, "executed an undefined instruction"),
        (17, "called what is no Thumb code, such as a null pointer"),
        (18, "returned to a wrong address"),
        (19, "used a coprocessor or FPU that is off"),
        (20, "stack below its limit"),
        (24, "accessed memory unaligned"),
        (25, "divided by zero"),
    ];

    private readonly uint[] words;

    public FaultReport(uint[] words) => this.words = words;

    private uint Exception => words[0];

    private uint StackPointer => words[2];

    private uint Status => words[3];

    private bool HasFrame => words[7] != 0;

    /// <summary>Address of the instruction at fault, or 0.</summary>
    public uint Pc => HasFrame ? words[FrameStart + 6] : 0;

    public static FaultReport? Parse(byte[] bytes)
    {
        if (bytes.Length != Words * 4)
        {
            return null;
        }

        uint[] words = new uint[Words];
        for (int i = 0; i < Words; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * 4));
        }

        return new FaultReport(words);
    }

    public bool IsStackOverflow(ulong stackLimit) => (Status & StackingFaults) != 0 || StackPointer < stackLimit;

    /// <summary>One sentence: exception, cause, place and registers.</summary>
    public string Describe(ElfFile elf)
    {
        string name = Exception < Exceptions.Length ? Exceptions[Exception] : Invariant($"Exception {Exception}");
        return $"{name}: {Cause(elf)}{Address()}{Place(elf)}; registers:{Registers()}.";
    }

    private string Cause(ElfFile elf)
    {
        if (HasFrame && Pc == 0)
        {
            return "called a null pointer";
        }

        string causes = string.Join(", ", Causes.Where(cause => (Status >> cause.Bit & 1) != 0).Select(cause => cause.Text));
        return causes.Length > 0 ? causes : NotRecorded(elf);
    }

    /// <summary>Armv6-M has no fault status: a load or store tells by its address.</summary>
    private string NotRecorded(ElfFile elf)
    {
        if (!HasFrame || elf.HalfAt(Pc) is not { } code || ThumbAccess.Of(code, number => number < 4 ? words[FrameStart + number] : null) is not { } access)
        {
            return "of a cause that the core does not record";
        }

        string cause = access.Address % access.Bytes != 0 ? "accessed memory unaligned" : "accessed memory that the target does not have";
        return Invariant($"{cause} at 0x{access.Address:x8}");
    }

    private string Address() =>
        (Status & MemoryAddressValid) != 0 ? Invariant($" at 0x{words[5]:x8}")
        : (Status & BusAddressValid) != 0 ? Invariant($" at 0x{words[6]:x8}")
        : "";

    private string Place(ElfFile elf)
    {
        if (!HasFrame)
        {
            return "";
        }

        string? function = elf.FunctionAt(words[FrameStart + 6]);
        string? caller = elf.FunctionAt(words[FrameStart + 5] & ~1u);
        return function is not null ? $", in {function}" : caller is not null ? $", called from {caller}" : "";
    }

    private string Registers()
    {
        string frame = HasFrame ? string.Concat(FrameNames.Select((name, i) => Invariant($" {name}={words[FrameStart + i]:x8}"))) : "";
        return Invariant($"{frame} sp={StackPointer:x8} cfsr={Status:x8} hfsr={words[4]:x8}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
