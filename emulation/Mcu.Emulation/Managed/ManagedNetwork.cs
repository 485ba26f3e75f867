using System.Reflection;
using Mcu.Generator.Emit.NanoFramework;

namespace Mcu.Emulation.Managed;

/// <summary>An emitted network as an object on .NET: the assembly that a device would run.</summary>
public sealed class ManagedNetwork
{
    private readonly Action<sbyte[], sbyte[]> run;
    private readonly Func<int, bool> select;
    private readonly Func<byte[], int>? attach;
    private readonly Action? detach;

    private ManagedNetwork(Type type, object network)
    {
        Type = type;
        Network = network;
        run = type.GetMethod("Run")!.CreateDelegate<Action<sbyte[], sbyte[]>>(network);
        select = type.GetMethod("Select")!.CreateDelegate<Func<int, bool>>(network);
        attach = type.GetMethod("Attach")?.CreateDelegate<Func<byte[], int>>(network);
        detach = type.GetMethod("Detach")?.CreateDelegate<Action>(network);
        InputLength = (int)type.GetField("InputLength")!.GetRawConstantValue()!;
        OutputLength = (int)type.GetField("OutputLength")!.GetRawConstantValue()!;
    }

    /// <summary>The emitted class.</summary>
    public Type Type { get; }

    /// <summary>The object.</summary>
    public object Network { get; }

    public int InputLength { get; }

    public int OutputLength { get; }

    /// <summary>Loads an assembly and constructs its network, from the weight image where the emission has one.</summary>
    /// <param name="assembly">As <see cref="ManagedCompiler"/> made it.</param>
    /// <param name="counter">Its instrumented copy, to count what runs; null to run it as it is.</param>
    public static ManagedNetwork Load(byte[] assembly, NanoEmission emission, InstructionCounter? counter = null)
    {
        var loaded = Assembly.Load(counter?.Assembly ?? assembly);
        counter?.Reset(loaded);
        Type type = loaded.GetType(emission.FullName, throwOnError: true)!;
        object? image = emission.Binaries.Values.FirstOrDefault();
        return new ManagedNetwork(type, image is null ? Activator.CreateInstance(type)! : Activator.CreateInstance(type, image)!);
    }

    public bool Select(int adapter) => select(adapter);

    /// <summary>Whether the class takes delta images.</summary>
    public bool TakesDeltas => attach is not null;

    /// <summary>0, or the emitted <c>DeltaReason</c>.</summary>
    public int Attach(byte[] image) => attach!(image);

    public void Detach() => detach!();

    public sbyte[] Run(sbyte[] input)
    {
        var output = new sbyte[OutputLength];
        run(input, output);
        return output;
    }
}
