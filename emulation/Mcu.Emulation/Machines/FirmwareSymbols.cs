using Mcu.Emulation.Building;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Machines;

/// <summary>Functions and variables of a firmware image by name.</summary>
public sealed class FirmwareSymbols
{
    private readonly ElfFile elf;

    private FirmwareSymbols(ElfFile elf, string path)
    {
        this.elf = elf;
        Path = path;
    }

    /// <summary>The image's file.</summary>
    public string Path { get; }

    internal ElfFile Elf => elf;

    /// <summary>Reads an ELF file; MCU1119 when there is none or it is damaged.</summary>
    public static FirmwareSymbols Read(string path)
    {
        try
        {
            return new FirmwareSymbols(ElfFile.Read(path), System.IO.Path.GetFullPath(path));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException or OverflowException)
        {
            throw new DiagnosticException("MCU1119", "The firmware cannot be read: " + failure.Message, path, "Give a little-endian ELF file.");
        }
    }

    /// <summary>Address of a symbol; MCU1107 when the image has none of that name.</summary>
    public ulong AddressOf(string name) =>
        Find(name) ?? throw new DiagnosticException("MCU1107", $"The firmware has no symbol '{name}'.", Path, "Is it static, inlined or removed by the linker?");

    /// <summary>Address of a symbol, or null.</summary>
    public ulong? Find(string name) => elf.Symbols.FirstOrDefault(symbol => symbol.Name == name)?.Value;

    /// <summary>Size in bytes of a variable or function.</summary>
    public int SizeOf(string name) => (int)(elf.Symbols.FirstOrDefault(symbol => symbol.Name == name)?.Size ?? throw new DiagnosticException("MCU1107", $"The firmware has no symbol '{name}'.", Path));

    /// <summary>Function around an address, or null.</summary>
    public string? FunctionAt(ulong address) => elf.FunctionAt(address);
}
