namespace Mcu.Emulation.Building;

/// <summary>Sizes of a network from the sections of an image that holds nothing else.</summary>
internal static class SizeReader
{
    /// <summary>Sections that inform tools and are no part of what a program needs.</summary>
    private static readonly string[] NotCounted = [".eh_frame", ".note", ".comment"];

    private static readonly string[] Weights = [".mcu_weights", ".rodata.mcu_weights"];
    private static readonly string[] Adapters = [".mcu_adapter", ".rodata.mcu_adapter"];

    public static FirmwareSizes Read(ElfFile image)
    {
        List<ElfSection> loaded = [.. image.Sections.Where(section => section.IsLoaded && !StartsWith(section, NotCounted))];
        List<ElfSection> constant = [.. loaded.Where(section => !section.IsWritable)];
        List<ElfSection> writable = [.. loaded.Where(section => section.IsWritable)];
        return new FirmwareSizes(
            Sum(constant.Where(section => !StartsWith(section, Weights) && !StartsWith(section, Adapters))),
            Sum(constant.Where(section => StartsWith(section, Weights))),
            Sum(constant.Where(section => StartsWith(section, Adapters))),
            Sum(writable.Where(section => !section.IsZeroed)),
            Sum(writable.Where(section => section.IsZeroed)));
    }

    private static bool StartsWith(ElfSection section, string[] prefixes) =>
        Array.Exists(prefixes, prefix => section.Name.StartsWith(prefix, StringComparison.Ordinal));

    private static int Sum(IEnumerable<ElfSection> sections) => checked((int)sections.Sum(section => section.Size));
}
