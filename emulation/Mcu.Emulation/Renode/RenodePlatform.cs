using System.Globalization;
using System.Text;
using Mcu.Emulation.Building;
using Mcu.Emulation.Machines;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Renode;

/// <summary>
/// Writes the platform and the script of a target: Renode's or a user's platform where the target names one, else the memory map of its
/// firmware, one core, one serial port.
/// </summary>
internal static class RenodePlatform
{
    public const string PlatformName = "mcu.repl";
    public const string ScriptName = "mcu.resc";
    public const string ImageName = "firmware.elf";

    private const string BoardName = "board.repl";
    private const string SemihostingLine = "semihosting: CPU.SemihostingHandler @ cpu\n";
    private const string SemihostingLabel = "mcu_semihost_call";
    private const uint PageBytes = 4096;
    private const int InstructionsPerMicrosecond = 1000 / RunUntil.NanosecondsPerInstruction;

    private static readonly Dictionary<string, string> Cores = new(StringComparer.Ordinal)
    {
        ["cortex-m0"] = "cortex-m0",
        ["cortex-m0plus"] = "cortex-m0+",
        ["cortex-m3"] = "cortex-m3",
        ["cortex-m4"] = "cortex-m4f",
        ["cortex-m7"] = "cortex-m7",
        ["cortex-m23"] = "cortex-m23",
        ["cortex-m33"] = "cortex-m33",
        ["cortex-m55"] = "cortex-m55",
        ["cortex-m85"] = "cortex-m85",
        ["rv32imc"] = "rv32imc_zicsr",
        ["rv32imac"] = "rv32imac_zicsr",
    };

    /// <summary>Whether Renode has the target's core, or the target names a platform.</summary>
    public static bool Has(TargetDescription target) => !target.IsHost && target.Firmware is not null && (target.Renode is not null || Cores.ContainsKey(target.Core));

    /// <summary>The serial port that is shown, as the monitor names it.</summary>
    public static string Serial(TargetDescription target) => "sysbus." + (target.Renode?.Serial ?? "uart0");

    /// <summary>The platform description.</summary>
    public static string Platform(TargetDescription target, string peripherals)
    {
        if (target.Renode is not null)
        {
            return string.Create(CultureInfo.InvariantCulture, $$"""
                using "./{{BoardName}}"
                cpu: { PerformanceInMips: {{InstructionsPerMicrosecond}} }

                """) + (target.IsRiscV ? "" : SemihostingLine) + peripherals + "\n";
        }

        TargetFirmware firmware = target.Firmware!;
        var text = new StringBuilder();
        text.Append(Memory("flash", firmware.Flash)).Append(Memory("ram", firmware.Ram));
        if (firmware.Vectors - firmware.Flash.Origin >= firmware.Flash.Length)
        {
            text.Append(Memory("vectors", new MemoryRegion(firmware.Vectors, PageBytes)));
        }

        if (target.IsRiscV)
        {
            return text.Append(CultureInfo.InvariantCulture, $$"""
                cpu: CPU.RiscV32 @ sysbus { cpuType: "{{Cores[target.Core]}}"; PerformanceInMips: {{InstructionsPerMicrosecond}} }
                uart0: UART.NS16550 @ sysbus 0x{{SerialAddress(target):x8}}

                """).Append(peripherals).Append('\n').ToString();
        }

        return text.Append(CultureInfo.InvariantCulture, $$"""
            nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { priorityMask: 0xF0; systickFrequency: 25000000; IRQ -> cpu@0 }
            cpu: CPU.CortexM @ sysbus { cpuType: "{{Cores[target.Core]}}"; nvic: nvic; PerformanceInMips: {{InstructionsPerMicrosecond}} }
            uart0: UART.CMSDK_APB_UART @ sysbus 0x{{SerialAddress(target):x8}}

            """).Append(SemihostingLine).Append(peripherals).Append('\n').ToString();
    }

    /// <summary>The script that makes a machine of the files in a folder.</summary>
    public static string Script(TargetDescription target, string folder, IReadOnlyList<string> arguments)
    {
        string at(string name) => RenodeHost.PathArgument(Path.Combine(folder, name));
        string board = target.Renode is null ? "" : $"agent Board \"{BoardFile(target)}\" \"{folder}\" \"{BoardName}\"\n";
        string begin = $"""
            mach create "mcu"
            emulation CreateMcuAgent "agent"
            {board}machine LoadPlatformDescription {at(PlatformName)}

            """;
        if (target.IsRiscV)
        {
            return begin + $"""
                sysbus LoadELF {at(ImageName)}
                {Attach(target, folder, arguments)}

                """;
        }

        return begin + string.Create(CultureInfo.InvariantCulture, $"""
            cpu IsSemihostingEnabled true
            cpu.semihosting WorkingDirectory {RenodeHost.PathArgument(folder)}
            cpu.semihosting ProgramName "mcu"
            cpu.semihosting ProgramArguments "{string.Join(' ', arguments)}"
            sysbus LoadELF {at(ImageName)}
            cpu VectorTableOffset 0x{target.Firmware!.Vectors:x}
            {Attach(target, folder, arguments)}

            """);
    }

    /// <summary>The command that gives the machine to the agent.</summary>
    public static string Attach(TargetDescription target, string folder, IReadOnlyList<string> arguments) => target.IsRiscV
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"agent AttachRiscV sysbus.cpu \"{folder}\" \"mcu {string.Join(' ', arguments)}\" 0x{ElfFile.Read(Path.Combine(folder, ImageName)).AddressOf(SemihostingLabel):x}")
        : "agent Attach sysbus.cpu sysbus.cpu.semihosting sysbus.nvic";

    /// <summary>A file in the target's folder by its whole path, or what Renode looks for itself.</summary>
    private static string BoardFile(TargetDescription target)
    {
        string name = target.Renode!.Platform;
        return target.Folder is { } own && File.Exists(Path.Combine(own, name)) ? Path.Combine(own, name) : name;
    }

    /// <summary>First serial port of the board whose memory map the target copies; the Arm ones have the CMSDK port.</summary>
    private static uint SerialAddress(TargetDescription target) => target.Qemu?.Machine switch
    {
        "mps2-an505" or "mps2-an521" => 0x40200000,
        "mps3-an547" => 0x49303000,
        "virt" => 0x10000000,
        _ => 0x40004000,
    };

    private static string Memory(string name, MemoryRegion region)
    {
        uint size = (region.Length + PageBytes - 1) / PageBytes * PageBytes;
        return string.Create(CultureInfo.InvariantCulture, $"{name}: Memory.MappedMemory @ sysbus 0x{region.Origin:x8} {{ size: 0x{size:x} }}\n");
    }
}
