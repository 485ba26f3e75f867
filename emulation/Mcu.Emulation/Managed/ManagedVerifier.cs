using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.NanoFramework;

namespace Mcu.Emulation.Managed;

/// <summary>Compiles emitted C# as a device's project does and proves that the platform takes it.</summary>
public static class ManagedVerifier
{
    /// <summary>
    /// The assembly. MCU1510 where it does not compile, MCU1511 where it passes a limit of the platform, MCU1515 where its methods are not those
    /// that the emitted native code is for.
    /// </summary>
    public static byte[] Compile(NanoEmission emission)
    {
        byte[] assembly = ManagedCompiler.Compile(emission.FullName, emission.Files);
        IReadOnlyList<string> findings = IlChecker.Check(assembly, allowNative: emission.Contract is not null);
        CheckContract(emission, assembly);
        return findings.Count == 0
            ? assembly
            : throw new DiagnosticException(
                "MCU1511", $"The managed form does not fit the platform: {findings[0]}{(findings.Count > 1 ? $" and {findings.Count - 1} more" : "")}.", emission.ClassName,
                "Use --weights image where data is too large; a network with too many layers needs --form interop or --lang c.");
    }

    /// <summary>The table in C was made without the assembly; here is what the compiler made of the class.</summary>
    private static void CheckContract(NanoEmission emission, byte[] assembly)
    {
        if (emission.Contract is not { } contract)
        {
            return;
        }

        NativeTable table = NativeTable.Read(assembly);
        if (table.Assembly != contract.Assembly || !table.Slots.SequenceEqual(contract.Slots))
        {
            throw new DiagnosticException("MCU1515", "The emitted method table is not that of the assembly.", emission.ClassName, "This is a defect of mcu; please report it with the class's name.");
        }
    }
}
