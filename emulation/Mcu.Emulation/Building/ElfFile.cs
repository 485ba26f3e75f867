using System.Buffers.Binary;
using System.Text;

namespace Mcu.Emulation.Building;

/// <summary>A section of an ELF file.</summary>
/// <param name="Offset">Of its content in the file.</param>
internal sealed record ElfSection(string Name, uint Type, ulong Flags, ulong Address, long Offset, long Size)
{
    private const ulong WriteFlag = 1;
    private const ulong AllocFlag = 2;
    private const uint NoBits = 8;

    public bool IsLoaded => (Flags & AllocFlag) != 0;

    public bool IsWritable => (Flags & WriteFlag) != 0;

    public bool IsZeroed => Type == NoBits;
}

/// <summary>A symbol; <see cref="Value"/> is without Arm's Thumb bit where it is a function.</summary>
internal sealed record ElfSymbol(string Name, ulong Value, ulong Size, bool IsFunction);

/// <summary>Sections and symbols of a little-endian ELF file of 32 or 64 bits (System V gABI, chapters 4 and 5).</summary>
internal sealed class ElfFile
{
    private const uint SymbolTable = 2;
    private const ushort MachineArm = 40;

    private readonly byte[] bytes;
    private readonly bool wide;

    private ElfFile(byte[] bytes)
    {
        this.bytes = bytes;
        wide = bytes[4] == 2;
        Sections = ReadSections();
        Symbols = ReadSymbols();
    }

    public IReadOnlyList<ElfSection> Sections { get; }

    public IReadOnlyList<ElfSymbol> Symbols { get; }

    public static ElfFile Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.Length > 64 && bytes.AsSpan().StartsWith("\u007fELF"u8)
            ? new ElfFile(bytes)
            : throw new InvalidDataException("The linker's output is not an ELF file.");
    }

    /// <summary>Address of a symbol that the link always has.</summary>
    public ulong AddressOf(string name) =>
        Symbols.FirstOrDefault(symbol => symbol.Name == name)?.Value
        ?? throw new InvalidDataException($"The firmware has no symbol '{name}'.");

    /// <summary>Name of the function around an address; null when there is none.</summary>
    public string? FunctionAt(ulong address) =>
        Symbols.Where(symbol => symbol.IsFunction && symbol.Value <= address && address < symbol.Value + Math.Max(symbol.Size, 2))
            .MaxBy(symbol => symbol.Value)?.Name;

    /// <summary>Two bytes of the loaded content at an address; null where there is none.</summary>
    public ushort? HalfAt(ulong address)
    {
        ElfSection? section = Sections.FirstOrDefault(s => s is { IsLoaded: true, IsZeroed: false } && address >= s.Address && address + 2 <= s.Address + (ulong)s.Size);
        return section is null ? null : U16(section.Offset + (long)(address - section.Address));
    }

    private ushort U16(long at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(checked((int)at), 2));

    private uint U32(long at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(checked((int)at), 4));

    private ulong Word(long at) => wide ? BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(checked((int)at), 8)) : U32(at);

    private (long Table, int EntrySize, int Count) SectionTable() =>
        wide ? ((long)Word(40), U16(58), U16(60)) : (U32(32), U16(46), U16(48));

    private (uint Name, uint Type, ulong Flags, ulong Address, long Offset, long Size, int Link, int EntrySize) Header(int index)
    {
        (long table, int entrySize, _) = SectionTable();
        long at = table + (long)index * entrySize;
        return wide
            ? (U32(at), U32(at + 4), Word(at + 8), Word(at + 16), (long)Word(at + 24), (long)Word(at + 32), (int)U32(at + 40), (int)Word(at + 56))
            : (U32(at), U32(at + 4), U32(at + 8), U32(at + 12), U32(at + 16), U32(at + 20), (int)U32(at + 24), (int)U32(at + 36));
    }

    private List<ElfSection> ReadSections()
    {
        int count = SectionTable().Count;
        long names = Header(U16(wide ? 62 : 50)).Offset;
        var sections = new List<ElfSection>(count);
        for (int i = 0; i < count; i++)
        {
            var header = Header(i);
            sections.Add(new ElfSection(Text(names + header.Name), header.Type, header.Flags, header.Address, header.Offset, header.Size));
        }

        return sections;
    }

    private List<ElfSymbol> ReadSymbols()
    {
        var symbols = new List<ElfSymbol>();
        for (int i = 0; i < Sections.Count; i++)
        {
            var header = Header(i);
            if (header.Type == SymbolTable)
            {
                ReadSymbols(header.Offset, header.Size / header.EntrySize, header.EntrySize, Header(header.Link).Offset, symbols);
            }
        }

        return symbols;
    }

    private void ReadSymbols(long table, long count, int entrySize, long names, List<ElfSymbol> symbols)
    {
        ulong mask = U16(18) == MachineArm ? ~1ul : ~0ul;
        for (long i = 0; i < count; i++)
        {
            long at = table + i * entrySize;
            byte info = bytes[at + (wide ? 4 : 12)];
            ulong value = Word(at + (wide ? 8 : 4));
            ulong size = Word(at + (wide ? 16 : 8));
            bool function = (info & 15) == 2;
            symbols.Add(new ElfSymbol(Text(names + U32(at)), function ? value & mask : value, size, function));
        }
    }

    private string Text(long at)
    {
        int start = checked((int)at);
        int length = bytes.AsSpan(start).IndexOf((byte)0);
        return Encoding.UTF8.GetString(bytes, start, length);
    }
}
