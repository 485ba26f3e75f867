using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Targets;

/// <summary>Reads and checks one <c>target.json</c>; every fault is MCU1087.</summary>
internal static partial class TargetReader
{
    private const uint VectorAlignment = 1024;
    private const uint MemoryAlignment = 1024;
    private const uint AvrMemoryAlignment = 256;
    private const int ProtectionRegionLimit = 8;

    public static TargetDescription Parse(string json, string path, string? folder)
    {
        try
        {
            TargetFile file = JsonSerializer.Deserialize(json, TargetJson.Default.TargetFile) ?? throw new JsonException("null is not a target");
            return Convert(file, path) with { Folder = folder };
        }
        catch (JsonException failure)
        {
            throw Bad(path, $"The target cannot be read: {failure.Message}");
        }
    }

    private static TargetDescription Convert(TargetFile file, string path)
    {
        Require(Name().IsMatch(file.Name), path, "'name' is not a plain name of letters, digits, '-' and '_'");
        ToolchainKind toolchain = file.Compiler switch
        {
            "cc" => ToolchainKind.HostCc,
            "arm-none-eabi-gcc" => ToolchainKind.ArmNoneEabiGcc,
            "riscv64-unknown-elf-gcc" => ToolchainKind.RiscvElfGcc,
            "avr-gcc" => ToolchainKind.AvrGcc,
            _ => throw Bad(path, "'compiler' is none of cc, arm-none-eabi-gcc, riscv64-unknown-elf-gcc and avr-gcc"),
        };
        bool bare = toolchain != ToolchainKind.HostCc;
        Require(bare == (file.Firmware is not null), path, "'firmware' must be given for a bare-metal compiler and only for one");
        Require(bare || file.Qemu is null, path, "'qemu' is for a bare-metal compiler");
        Require(file.Renode is null || toolchain is ToolchainKind.ArmNoneEabiGcc or ToolchainKind.RiscvElfGcc, path, "'renode' is for Arm and RISC-V");
        return new TargetDescription
        {
            Name = file.Name,
            Description = file.Description,
            Core = file.Core,
            Isa = new IsaFeatures(file.Isa.Dsp, file.Isa.Mve, file.Isa.Fpu, file.Isa.Unaligned),
            Kernels = Flavour(file.Kernels, path),
            Toolchain = toolchain,
            CFlags = EquatableArray.Wrap(file.Cflags),
            LinkFlags = EquatableArray.Wrap(file.Ldflags),
            Firmware = file.Firmware is null ? null : Firmware(file.Firmware, toolchain, path),
            Qemu = file.Qemu is null ? null : Machine(file.Qemu, path),
            Renode = file.Renode is null ? null : Board(file.Renode, path),
            Notes = EquatableArray.Wrap(file.Notes),
        };
    }

    private static KernelFlavour Flavour(string text, string path) => text switch
    {
        "portable" => KernelFlavour.Portable,
        "arm-dsp" => KernelFlavour.ArmDsp,
        "arm-mve" => KernelFlavour.ArmMve,
        _ => throw Bad(path, "'kernels' is none of portable, arm-dsp and arm-mve"),
    };

    private static QemuMachine Machine(TargetFile.QemuPart part, string path)
    {
        Require(Name().IsMatch(part.Machine), path, "'qemu.machine' is not a plain name");
        Require(part.Cpu is null || Name().IsMatch(part.Cpu), path, "'qemu.cpu' is not a plain name");
        return new QemuMachine(part.Machine, part.Cpu, EquatableArray.Wrap(part.Notes));
    }

    private static RenodeBoard Board(TargetFile.RenodePart part, string path)
    {
        Require(RelativePath().IsMatch(part.Platform), path, "'renode.platform' is not a plain relative path");
        Require(Name().IsMatch(part.Serial), path, "'renode.serial' is not a plain name");
        return new RenodeBoard(part.Platform, part.Serial, EquatableArray.Wrap(part.Notes));
    }

    private static TargetFirmware Firmware(TargetFile.FirmwarePart part, ToolchainKind toolchain, string path)
    {
        bool isAvr = toolchain == ToolchainKind.AvrGcc; // no memory protection, hence no regions of it
        uint alignment = isAvr ? AvrMemoryAlignment : MemoryAlignment;
        uint vectors = Address(part.Vectors, path, "vectors");
        MemoryRegion ram = Region(part.Ram, alignment, path, "ram");
        Require(vectors % VectorAlignment == 0, path, "'firmware.vectors' is not a multiple of 1024");
        MemoryRegion flash = Region(part.Flash, alignment, path, "flash");
        Require(isAvr || ProtectionRegions(flash) + ProtectionRegions(ram) < ProtectionRegionLimit, path, "'firmware.flash' and 'firmware.ram' need more regions than the memory protection unit has");
        Require(part.StackBytes >= (isAvr ? 256 : 1024) && part.StackBytes % 8 == 0 && part.StackBytes < ram.Length, path, $"'firmware.stack_bytes' is below {(isAvr ? 256 : 1024)}, no multiple of 8 or larger than the RAM");
        foreach (string file in part.Startup.Append(part.LinkerScript))
        {
            Require(RelativePath().IsMatch(file), path, "'firmware' names a file by something else than a plain relative path");
        }

        return new TargetFirmware(vectors, flash, ram, part.StackBytes, part.LinkerScript, EquatableArray.Wrap(part.Startup));
    }

    private static MemoryRegion Region(TargetFile.RegionPart part, uint alignment, string path, string key)
    {
        uint origin = Address(part.Origin, path, key + ".origin");
        Require(part.Length > 0 && origin + (ulong)part.Length <= 1ul << 32, path, $"'firmware.{key}' is empty or leaves the address space");
        Require(origin % alignment == 0 && part.Length % alignment == 0, path, $"'firmware.{key}' does not begin and end at a multiple of {alignment}");
        return new MemoryRegion(origin, part.Length);
    }

    /// <summary>Aligned powers of two that make up a region, as the start-up splits it; one is left for the vectors.</summary>
    private static int ProtectionRegions(MemoryRegion region)
    {
        ulong at = region.Origin;
        ulong end = at + region.Length;
        int count = 0;
        for (; at < end; count++)
        {
            ulong size = at == 0 ? 1ul << 31 : at & (~at + 1);
            while (size > end - at)
            {
                size >>= 1;
            }

            at += size;
        }

        return count;
    }

    private static uint Address(string text, string path, string key)
    {
        bool valid = text.StartsWith("0x", StringComparison.Ordinal);
        valid &= uint.TryParse(text.AsSpan(Math.Min(2, text.Length)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint address);
        Require(valid, path, $"'firmware.{key}' is not a hexadecimal text such as \"0x20000000\"");
        return address;
    }

    private static void Require(bool condition, string path, string problem)
    {
        if (!condition)
        {
            throw Bad(path, problem + ".");
        }
    }

    private static DiagnosticException Bad(string path, string message) => new("MCU1087", message, path);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\z")]
    private static partial Regex RelativePath();
}

/// <summary>The file as written, before it is checked.</summary>
internal sealed record TargetFile
{
    public required string Name { get; init; }

    public required string Description { get; init; }

    public required string Core { get; init; }

    public required IsaPart Isa { get; init; }

    public required string Kernels { get; init; }

    public required string Compiler { get; init; }

    public required string[] Cflags { get; init; }

    public string[] Ldflags { get; init; } = [];

    public FirmwarePart? Firmware { get; init; }

    public QemuPart? Qemu { get; init; }

    public RenodePart? Renode { get; init; }

    public string[] Notes { get; init; } = [];

    internal sealed record IsaPart
    {
        public bool Dsp { get; init; }

        public bool Mve { get; init; }

        public bool Fpu { get; init; }

        public bool Unaligned { get; init; }
    }

    internal sealed record FirmwarePart
    {
        public required string Vectors { get; init; }

        public required RegionPart Flash { get; init; }

        public required RegionPart Ram { get; init; }

        public required int StackBytes { get; init; }

        public required string LinkerScript { get; init; }

        public required string[] Startup { get; init; }
    }

    internal sealed record RegionPart
    {
        public required string Origin { get; init; }

        public required uint Length { get; init; }
    }

    internal sealed record QemuPart
    {
        public required string Machine { get; init; }

        public string? Cpu { get; init; }

        public string[] Notes { get; init; } = [];
    }

    internal sealed record RenodePart
    {
        public required string Platform { get; init; }

        public required string Serial { get; init; }

        public string[] Notes { get; init; } = [];
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TargetFile))]
internal sealed partial class TargetJson : JsonSerializerContext;
