using Mcu.Emulation.Renode;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Evaluation;

/// <summary>In what form a network is executed.</summary>
public enum ExecutionForm
{
    /// <summary>The float graph.</summary>
    Float,

    /// <summary>The C# int8 reference.</summary>
    Reference,

    /// <summary>Emitted C, on the host or in an emulator.</summary>
    Firmware,

    /// <summary>Emitted C# for nanoFramework, on .NET.</summary>
    Managed,

    /// <summary>Emitted C# on the platform's interpreter.</summary>
    NanoClr,
}

/// <summary>The value of <c>--on</c>: <c>float</c>, <c>reference</c>, <c>managed</c>, <c>nanoclr</c>, <c>host</c>, <c>qemu:TARGET</c> or <c>renode:TARGET</c>.</summary>
/// <param name="Target">Target of firmware; null for the other forms.</param>
public sealed record ExecutionPlace(ExecutionForm Form, TargetDescription? Target)
{
    /// <summary>The usual emulator.</summary>
    public const string Qemu = "qemu";

    private const string Renode = "renode";

    /// <summary>Emulator of firmware that does not run on the host.</summary>
    public string Emulator { get; init; } = Qemu;

    public override string ToString() => Form switch
    {
        ExecutionForm.Float => "float",
        ExecutionForm.Reference => "reference",
        ExecutionForm.Managed => "managed",
        ExecutionForm.NanoClr => "nanoclr",
        _ => Target!.IsHost ? "host" : Emulator + ":" + Target.Name,
    };

    /// <summary>Reads the option's value. MCU0115 for a word that is none, MCU1086 for an unknown target.</summary>
    public static ExecutionPlace Parse(string text, TargetCatalog catalog)
    {
        switch (text)
        {
            case "float":
                return new ExecutionPlace(ExecutionForm.Float, null);
            case "reference":
                return new ExecutionPlace(ExecutionForm.Reference, null);
            case "managed":
                return new ExecutionPlace(ExecutionForm.Managed, null);
            case "nanoclr":
                return new ExecutionPlace(ExecutionForm.NanoClr, null);
            case "host":
                return new ExecutionPlace(ExecutionForm.Firmware, catalog.Get("host"));
        }

        string emulator = text.Split(':')[0];
        TargetDescription? target = emulator is Qemu or Renode && emulator.Length < text.Length ? catalog.Get(text[(emulator.Length + 1)..]) : null;
        return target is not null && (emulator == Qemu ? target.Qemu is not null : RenodeEmulator.Supports(target))
            ? new ExecutionPlace(ExecutionForm.Firmware, target) { Emulator = emulator }
            : throw new DiagnosticException("MCU0115", $"A network cannot be run on '{text}'.", "--on", "Use one of: " + string.Join(", ", Names(catalog)) + ".");
    }

    /// <summary>Every value that can be given.</summary>
    public static IEnumerable<string> Names(TargetCatalog catalog) =>
        ((string[])["float", "reference", "managed", "nanoclr", "host"])
            .Concat(catalog.Targets.Where(t => t.Qemu is not null).Select(t => Qemu + ":" + t.Name))
            .Concat(catalog.Targets.Where(RenodeEmulator.Supports).Select(t => Renode + ":" + t.Name));

    /// <summary>What runs this place's firmware; the caller disposes it.</summary>
    public FirmwareRunner CreateRunner(ToolProbe tools) =>
        Emulator == Renode ? new FirmwareRunner(new RenodeEmulator(tools)) : new FirmwareRunner(tools);
}
