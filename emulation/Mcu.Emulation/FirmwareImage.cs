using Mcu.Generator.Emit;
using Mcu.Generator.Targets;

namespace Mcu.Emulation;

/// <summary>Firmware that was built and can be run.</summary>
/// <param name="Path">The ELF file.</param>
/// <param name="Sizes">Sizes of the network's own part.</param>
public sealed record FirmwareImage(string Path, TargetDescription Target, EmittedManifest Manifest, FirmwareSizes Sizes)
{
    /// <summary>Version line of the compiler that built it.</summary>
    public required string Compiler { get; init; }
}

/// <summary>
/// Bytes of the network's sources, runtime and what they pull from the C library, without harness and start-up.
/// </summary>
/// <param name="CodeBytes">Code and constants other than weights and adapters.</param>
/// <param name="WeightBytes">Sections <c>.rodata.mcu_weights*</c>.</param>
/// <param name="AdapterBytes">Sections <c>.rodata.mcu_adapter*</c>.</param>
/// <param name="DataBytes">Initialised writable data; 0 for what Mcu emits.</param>
/// <param name="BssBytes">Zeroed writable data; 0 for what Mcu emits.</param>
public sealed record FirmwareSizes(int CodeBytes, int WeightBytes, int AdapterBytes, int DataBytes, int BssBytes);

/// <summary>Choices of one build.</summary>
public sealed record BuildOptions
{
    /// <summary>Additional compiler flags, after the target's own, such as <c>-fsanitize=address</c> on the host.</summary>
    public IReadOnlyList<string> ExtraCFlags { get; init; } = [];

    /// <summary>
    /// Whether the firmware also writes the output of every layer (<see cref="RunResult.LayerOutputs"/>); of adapters with a network of their
    /// own it does not, and instructions are not those of firmware without.
    /// </summary>
    public bool Probes { get; init; }

    /// <summary>Additional flags of the link.</summary>
    public IReadOnlyList<string> ExtraLinkFlags { get; init; } = [];
}

/// <summary>Choices of one run.</summary>
public sealed record RunOptions
{
    /// <summary>0 is the base alone; see the manifest's adapters.</summary>
    public int AdapterIndex { get; init; }

    /// <summary>Delta images (<c>.mcud</c>) to attach, in order; the folder must have been compiled for that many.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Deltas { get; init; } = [];

    /// <summary>Wall-clock limit of the whole run; null chooses one from the number of samples.</summary>
    public TimeSpan? Timeout { get; init; }
}
