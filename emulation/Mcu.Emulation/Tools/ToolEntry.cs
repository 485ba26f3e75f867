namespace Mcu.Emulation.Tools;

/// <summary>What is known about a tool before it is looked for.</summary>
internal sealed record ToolEntry(ToolKind Kind, string Name, string Code, bool Required, string HowToGet, params string[] Programs)
{
    public static ToolEntry Of(ToolKind kind) => kind switch
    {
        ToolKind.HostCompiler => new(
            kind, "host C compiler", "MCU1001", true, "Install it: apt-get install gcc libc6-dev", "cc", "gcc", "clang"),
        ToolKind.ArmCompiler => new(
            kind, "arm-none-eabi-gcc", "MCU1002", true, "Install it: apt-get install gcc-arm-none-eabi", "arm-none-eabi-gcc"),
        ToolKind.ArmLibrary => new(
            kind, "C library for Arm firmware", "MCU1003", true, "Install it: apt-get install libnewlib-arm-none-eabi"),
        ToolKind.Qemu => new(
            kind, "qemu-system-arm", "MCU1004", true, "Install it: apt-get install qemu-system-arm", "qemu-system-arm"),
        ToolKind.Clang => new(
            kind, "clang", "MCU1006", false, "Optional: apt-get install clang", "clang"),
        ToolKind.Renode => new(
            kind, "Renode", "MCU1007", false, "Optional: unpack a release of Renode and set RENODE to its program", "renode"),
        ToolKind.RiscvCompiler => new(
            kind, "riscv64-unknown-elf-gcc", "MCU1008", false, "For RISC-V targets: apt-get install gcc-riscv64-unknown-elf", "riscv64-unknown-elf-gcc"),
        ToolKind.RiscvLibrary => new(
            kind, "C library for RISC-V firmware", "MCU1009", false, "For RISC-V targets: apt-get install picolibc-riscv64-unknown-elf"),
        ToolKind.QemuRiscv => new(
            kind, "qemu-system-riscv32", "MCU1013", false, "For RISC-V targets: apt-get install qemu-system-misc", "qemu-system-riscv32"),
        ToolKind.AvrCompiler => new(
            kind, "avr-gcc", "MCU1014", false, "For AVR targets: apt-get install gcc-avr", "avr-gcc"),
        ToolKind.AvrLibrary => new(
            kind, "C library for AVR firmware", "MCU1015", false, "For AVR targets: apt-get install avr-libc"),
        ToolKind.QemuAvr => new(
            kind, "qemu-system-avr", "MCU1016", false, "For AVR targets: apt-get install qemu-system-misc", "qemu-system-avr"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
