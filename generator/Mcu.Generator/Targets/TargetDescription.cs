using Mcu.Generator.Graphs;

namespace Mcu.Generator.Targets;

/// <summary>Families of C kernels that the generator can choose for a target.</summary>
public enum KernelFlavour
{
    /// <summary>C99 without intrinsics.</summary>
    Portable,

    /// <summary>Armv7E-M and Armv8-M DSP extension.</summary>
    ArmDsp,

    /// <summary>Armv8.1-M vector extension (Helium).</summary>
    ArmMve,
}

/// <summary>What builds a target's firmware.</summary>
public enum ToolchainKind
{
    /// <summary>The host's own C compiler.</summary>
    HostCc,

    /// <summary>The bare-metal GNU compiler <c>arm-none-eabi-gcc</c>.</summary>
    ArmNoneEabiGcc,

    /// <summary>The bare-metal GNU compiler <c>riscv64-unknown-elf-gcc</c>, for RV32 too.</summary>
    RiscvElfGcc,

    /// <summary>The bare-metal GNU compiler <c>avr-gcc</c>, with the start-up of its C library replaced by Mcu's.</summary>
    AvrGcc,
}

/// <summary>One target: how code for it is generated, built and run. Read from <c>targets/NAME/target.json</c>.</summary>
public sealed record TargetDescription
{
    public required string Name { get; init; }

    /// <summary>One line for a list of targets.</summary>
    public required string Description { get; init; }

    /// <summary>The core that the code is generated for, such as <c>cortex-m4</c>.</summary>
    public required string Core { get; init; }

    public required IsaFeatures Isa { get; init; }

    /// <summary>Kernels that fit the target best.</summary>
    public required KernelFlavour Kernels { get; init; }

    public required ToolchainKind Toolchain { get; init; }

    /// <summary>Compiler flags for the emitted sources.</summary>
    public required EquatableArray<string> CFlags { get; init; }

    /// <summary>Flags of the link.</summary>
    public required EquatableArray<string> LinkFlags { get; init; }

    /// <summary>Memory and start-up; null for the host.</summary>
    public TargetFirmware? Firmware { get; init; }

    /// <summary>The machine that QEMU emulates; null for the host.</summary>
    public QemuMachine? Qemu { get; init; }

    /// <summary>The platform that Renode emulates; null for one that is made of the target's memory map.</summary>
    public RenodeBoard? Renode { get; init; }

    /// <summary>What a user must know when reading results of this target, wherever it runs.</summary>
    public required EquatableArray<string> Notes { get; init; }

    /// <summary>Folder of a user's own target, whose files come before the built-in ones; null for a built-in target.</summary>
    public string? Folder { get; init; }

    public bool IsHost => Toolchain == ToolchainKind.HostCc;

    public bool IsRiscV => Toolchain == ToolchainKind.RiscvElfGcc;

    /// <summary>A core with an address space of its own for flash, of 8 bits and without memory protection.</summary>
    public bool IsAvr => Toolchain == ToolchainKind.AvrGcc;
}

/// <summary>What the instruction set has, for the choice of kernels.</summary>
/// <param name="Dsp">Armv7E-M SIMD within 32-bit registers (SMLAD, SXTB16).</param>
/// <param name="Mve">Armv8.1-M integer vectors.</param>
/// <param name="Fpu">Single precision in hardware.</param>
/// <param name="Unaligned">Unaligned 16- and 32-bit loads do not trap.</param>
public sealed record IsaFeatures(bool Dsp, bool Mve, bool Fpu, bool Unaligned);

/// <summary>Memory layout and start-up of bare-metal firmware.</summary>
/// <param name="Vectors">Address of the vector table (at most 1024 bytes) that the core uses after reset.</param>
/// <param name="Flash">Code and constants.</param>
/// <param name="Ram">Stack first (so that an overflow leaves the region), then data.</param>
/// <param name="StackBytes">Size of the stack.</param>
/// <param name="LinkerScript">Template, relative to the target's folder or to the built-in targets.</param>
/// <param name="Startup">C and assembly start-up files, found likewise.</param>
public sealed record TargetFirmware(
    uint Vectors, MemoryRegion Flash, MemoryRegion Ram, int StackBytes, string LinkerScript, EquatableArray<string> Startup);

/// <summary>An address range.</summary>
public sealed record MemoryRegion(uint Origin, uint Length);

/// <summary>A QEMU board and, where it is not the board's own, the CPU.</summary>
/// <param name="Notes">What a reader of results from QEMU must know, such as what stands in for what.</param>
public sealed record QemuMachine(string Machine, string? Cpu, EquatableArray<string> Notes);

/// <summary>A platform description of Renode's, or of a user's own.</summary>
/// <param name="Platform">Path of the <c>.repl</c>: of a file in the target's folder, else as Renode finds it (<c>platforms/boards/…</c>). It names its core <c>cpu</c>, and on Arm its interrupt controller <c>nvic</c>.</param>
/// <param name="Serial">The platform's name of the serial port that is shown.</param>
/// <param name="Notes">What a reader of results from Renode must know.</param>
public sealed record RenodeBoard(string Platform, string Serial, EquatableArray<string> Notes);
