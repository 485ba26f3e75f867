using System.Globalization;
using Mcu.Emulation.Building;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Renode;

/// <summary>Peripherals of Mcu's that Renode compiles and loads at run time.</summary>
public static class RenodePeripherals
{
    private const string NorFlashName = "McuNorFlash.cs";
    private const int RegisterBytes = 16;

    /// <summary>
    /// Writes the source of the NOR flash into a folder and gives its path for <see cref="Machines.MachineOptions.PeripheralSources"/>.
    /// </summary>
    public static string WriteNorFlashSource(string folder)
    {
        string path = Path.Combine(folder, NorFlashName);
        File.WriteAllText(path, HarnessSources.Resource("renode/" + NorFlashName));
        return path;
    }

    /// <summary>
    /// All of a flash at an address: content, registers and wear counters. The range to keep over <see cref="Machines.IMachine.PowerCutAsync"/>; memory that a test
    /// writes there is set as it is, past the rules of programs.
    /// </summary>
    public static MemoryRegion NorFlashRegion(uint address, int blockBytes, int blocks) => new(address, (uint)((blockBytes * blocks) + RegisterBytes + (4 * blocks)));

    /// <summary>
    /// Lines for <see cref="Machines.MachineOptions.Peripherals"/>: a flash at an address, whose registers stand behind its last block
    /// (see docs/EMULATION.md).
    /// </summary>
    /// <param name="programBytes">1, 2 or 4: the only size of a write.</param>
    public static string NorFlash(string name, uint address, int blockBytes, int blocks, int programBytes) => string.Create(
        CultureInfo.InvariantCulture,
        $"{name}: MTD.McuNorFlash @ sysbus 0x{address:x8} {{ blockBytes: {blockBytes}; blocks: {blocks}; programBytes: {programBytes} }}\n");
}
