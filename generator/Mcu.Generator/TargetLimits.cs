using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.C;

namespace Mcu.Generator;

/// <summary>What a target cannot do, whatever its memory.</summary>
public static class TargetLimits
{
    /// <summary>Flash that 16-bit pointers of AVR's <c>__flash</c> reach, less what the interrupt vectors take (ATmega2560: 57 of 4 bytes).</summary>
    public const int AvrConstantBytes = (64 << 10) - 57 * 4;

    /// <summary>MCU1090 where delta images cannot be attached: code on AVR reads constants from flash, images would lie in RAM.</summary>
    public static void Check(CompileOptions options)
    {
        if (options.Target.IsAvr && options.Nano is null && options.Deltas.IsOn)
        {
            throw new DiagnosticException("MCU1090", "Firmware for AVR attaches no delta images.", $"target {options.Target.Name}", "Compile the adapters in with --adapter, or choose another target.");
        }
    }

    /// <summary>MCU1091 where constants are beyond the reach of the target's pointers.</summary>
    public static void Check(CEmission emission, CompileOptions options)
    {
        int bytes = emission.WeightBytes + emission.AdapterBytes;
        if (options.Target.IsAvr && options.Nano is null && bytes > AvrConstantBytes)
        {
            throw new DiagnosticException(
                "MCU1091", $"Constants take {bytes} bytes; pointers to flash on AVR reach {AvrConstantBytes}.", $"target {options.Target.Name}", "Take a smaller network, fewer adapters or another target.");
        }
    }
}
