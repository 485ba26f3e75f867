using System.Collections;
using System.Reflection;
using Mcu.Emulation.Managed;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Planning;
using Mcu.Tests.Emission;

namespace Mcu.Tests.NanoFramework;

/// <summary>A managed network that takes delta images, and what a user of its class does with it.</summary>
internal sealed record DeltaHost(Managed Managed, DeltaAbi Abi)
{
    public DeltaInterface Shape { get; } = DeltaInterface.Of(Abi);

    public ManagedNetwork Network => Managed.Network;

    public int Attached => (int)Managed.Network.Type.GetProperty("AttachedDeltas")!.GetValue(Managed.Network.Network)!;

    public static DeltaHost Of(Int8Model model, NanoOptions? options = null, DeltaSupport? deltas = null)
    {
        CProgram program = CProgramBuilder.Build(model, KernelSet.Portable, deltas ?? new DeltaSupport(4, 16), PlannerOptions.Default, new DiagnosticBag(), TestContext.Current.CancellationToken);
        return new DeltaHost(Managed.Of(program, "net", options), DeltaAbi.Of(program));
    }

    /// <summary>One of the small networks without its adapters.</summary>
    public static DeltaHost OfTiny(string name, NanoOptions? options = null) => Of(TinyModels.Of(name) with { Adapters = [] }, options);

    public byte[] Bytes(DeltaImage image) => DeltaWriter.Write(image, Shape);

    public int Check(byte[] image) => (int)Managed.Network.Type.GetMethod("CheckDelta")!.Invoke(Managed.Network.Network, [image])!;

    /// <summary>An image of the layers, with self-tests.</summary>
    public DeltaImage Image(IEnumerable<DeltaLayer?> layers, uint id = 0, int selfTests = 1) => DeltaPacker.WithSelfTests(
        new DeltaImage(new DeltaHeader(Shape.Base!.Value, Shape.Abi, id, 1, 0), [], [], layers.ToEquatableArray()), Abi, selfTests);

    /// <summary>Inputs at random and at both ends, as a network gets them.</summary>
    public IEnumerable<sbyte[]> Inputs(int seed)
    {
        var random = new Random(seed);
        int length = Managed.Network.InputLength;
        sbyte[] filled(Func<int, int> value) => [.. Enumerable.Range(0, length).Select(i => (sbyte)value(i))];
        return [filled(_ => random.Next(-128, 128)), filled(_ => random.Next(-128, 128)), filled(_ => -128), filled(_ => 127), filled(_ => random.Next(2) == 0 ? -128 : 127)];
    }

    /// <summary>Outputs of the managed network, one after the other.</summary>
    public sbyte[] Run(int seed) => [.. Inputs(seed).SelectMany(Managed.Network.Run)];

    /// <summary>The same of the int8 reference under an image; null for the base.</summary>
    public sbyte[] Reference(DeltaImage? image, int seed)
    {
        Int8Model model = image is null ? Abi.Model : DeltaPacker.WithImage(image, Abi);
        Shape shape = model.Graph[model.Graph.Inputs[0]].Shape;
        return [.. Inputs(seed).SelectMany(x => Int8Reference.Run(model, new TensorValue(shape, x), image is null ? 0 : 1).Int8)];
    }

    /// <summary>Every array that the base's constants consist of, in text.</summary>
    public string BaseConstants()
    {
        const BindingFlags own = BindingFlags.Instance | BindingFlags.NonPublic;
        var sets = (Array)Managed.Network.Type.GetField("sets", own)!.GetValue(Managed.Network.Network)!;
        IEnumerable<object> linears = ((Array)sets.GetValue(0)!).Cast<object>();
        return string.Join('\n', linears.Select(l => string.Join(' ', l.GetType().GetFields(own).Select(f => Text(f.GetValue(l))))));
    }

    private static string Text(object? value) => value is IEnumerable values ? string.Join(',', values.Cast<object>()) : $"{value}";
}
