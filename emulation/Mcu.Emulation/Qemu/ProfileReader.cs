using Mcu.Emulation.Building;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Emulation.Qemu;

/// <summary>Sums the counter's blocks by function.</summary>
internal static class ProfileReader
{
    public static FirmwareProfile Read(ElfFile elf, IEnumerable<BlockCount> raw, EquatableArray<long> counts)
    {
        List<BlockCount> blocks = Merge(raw);
        long total = counts.Sum();
        long counted = blocks.Sum(block => block.Length * block.Executions);
        if (counted != total)
        {
            throw new DiagnosticException("MCU1038", $"The blocks hold {counted} instructions, the calls {total}.");
        }

        IEnumerable<SymbolCount> symbols = blocks
            .GroupBy(block => elf.FunctionAt(block.Start) ?? "?", StringComparer.Ordinal)
            .Select(group => new SymbolCount(group.Key, group.Sum(block => block.Length * block.Executions)))
            .OrderByDescending(symbol => symbol.Instructions)
            .ThenBy(symbol => symbol.Symbol, StringComparer.Ordinal);
        return new FirmwareProfile(total, counts.Length, symbols.ToEquatableArray(), blocks.ToEquatableArray());
    }

    /// <summary>A block that was translated twice is one block.</summary>
    private static List<BlockCount> Merge(IEnumerable<BlockCount> raw) =>
    [
        .. raw.GroupBy(block => (block.Start, block.Last, block.Length))
            .Select(group => group.First() with { Executions = group.Sum(block => block.Executions) })
            .OrderBy(block => block.Start)
            .ThenBy(block => block.Length),
    ];
}
