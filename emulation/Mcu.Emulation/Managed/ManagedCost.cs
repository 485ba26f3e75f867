using Mcu.Generator.Emit.NanoFramework;

namespace Mcu.Emulation.Managed;

/// <summary>What one inference of the managed form executes.</summary>
public static class ManagedCost
{
    /// <summary>IL instructions of one inference of the base, run once on .NET: what runs hardly depends on the input. Checks the assembly as <see cref="ManagedVerifier"/> does.</summary>
    public static long Count(NanoEmission emission)
    {
        byte[] assembly = ManagedVerifier.Compile(emission);
        InstructionCounter counter = InstructionCounter.Instrument(assembly);
        ManagedNetwork network = ManagedNetwork.Load(assembly, emission, counter);
        counter.Reset(network.Type.Assembly);
        network.Run(new sbyte[network.InputLength]);
        return counter.Read(network.Type.Assembly).Total;
    }
}
