using Mcu.Emulation.Managed;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Planning;

namespace Mcu.Tests.NanoFramework;

/// <summary>An emitted managed network: its files, its assembly as a device gets it, and the object on .NET.</summary>
internal sealed record Managed(NanoProgram Program, NanoEmission Emission, byte[] Assembly, ManagedNetwork Network)
{
    public static Managed Of(Int8Model model, string name, NanoOptions? options = null) =>
        Of(CProgramBuilder.Build(model, KernelSet.Portable, PlannerOptions.Default, TestContext.Current.CancellationToken), name, options);

    public static Managed Of(CProgram program, string name, NanoOptions? options = null)
    {
        NanoProgram managed = NanoProgram.Of(program);
        NanoEmission emission = NanoEmitter.Emit(managed, name, options ?? NanoOptions.Default);
        byte[] assembly = ManagedCompiler.Compile(emission.ClassName, emission.Files);
        return new Managed(managed, emission, assembly, ManagedNetwork.Load(assembly, emission));
    }
}
