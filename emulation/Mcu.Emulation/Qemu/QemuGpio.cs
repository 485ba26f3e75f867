using Mcu.Generator.Targets;

namespace Mcu.Emulation.Qemu;

/// <summary>A GPIO controller that a machine of QEMU 7.2 or later models, with its place in QEMU's tree of objects.</summary>
internal sealed record QemuGpio(string Machine, ulong Address, ulong Length, int Pins, string Path)
{
    /// <summary>Other boards with these cores have none, or registers behind which nothing is.</summary>
    private static readonly QemuGpio[] Known = [new("microbit", 0x50000000, 0x1000, 32, "/machine/nrf51")];

    public bool Has(ulong address) => address - Address < Length;

    public static QemuGpio? Of(TargetDescription target) => Known.FirstOrDefault(gpio => gpio.Machine == target.Qemu?.Machine);
}
