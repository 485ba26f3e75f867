using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;

namespace Mcu.Emulation.Managed;

/// <summary>Compiles emitted C# as a device's project does and proves that the platform takes it.</summary>
public static class ManagedVerifier
{
    /// <summary>The assembly. MCU1510 where it does not compile, MCU1511 where it passes a limit of the platform.</summary>
    public static byte[] Compile(NanoEmission emission)
    {
        byte[] assembly = ManagedCompiler.Compile(emission.FullName, emission.Files);
        IReadOnlyList<string> findings = IlChecker.Check(assembly);
        return findings.Count == 0
            ? assembly
            : throw new DiagnosticException(
                "MCU1511", $"The managed form does not fit the platform: {findings[0]}{(findings.Count > 1 ? $" and {findings.Count - 1} more" : "")}.", emission.ClassName,
                "Use --weights image where data is too large; a network with too many layers needs --lang c.");
    }
}
