using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>
/// All that a delta image relies on in one compiled network (docs/DELTA-FORMAT.md, "Base and ABI"): firmware and image hold
/// the hash of the same text.
/// </summary>
/// <param name="Text">UTF-8 text with LF; what <c>NAME.abi.txt</c> holds.</param>
/// <param name="Base">SHA-256 of the base model's file, 32 bytes.</param>
/// <param name="Kernels">Decides the packing.</param>
/// <param name="Slots">Layers that a delta may change, by index of the directory.</param>
/// <param name="Model">The base with each layer's constants as compiled: a delta is quantised against these.</param>
public sealed record DeltaAbi(string Text, EquatableArray<byte> Base, KernelSet Kernels, EquatableArray<DeltaSlot> Slots, Int8Model Model)
{
    /// <summary>Bytes of a hash that an image holds.</summary>
    public const int HashBytes = 16;

    /// <summary>The base with all its channels, constants as compiled; an adapter is quantised against this one and then loses what the compiled form lacks.</summary>
    public required Int8Model Whole { get; init; }

    /// <summary>SHA-256 of the text, 32 bytes.</summary>
    public EquatableArray<byte> Hash => EquatableArray.Wrap(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    public int Packing => Kernels == KernelSet.Dsp ? 1 : 0;

    /// <summary>The interface of a lowered program.</summary>
    public static DeltaAbi Of(CProgram program) => Of(program.Model, program.Kernels, program.Steps);

    /// <summary>The interface that the model will have with a kernel set, without planning its memory.</summary>
    public static DeltaAbi Of(Int8Model model, KernelSet kernels) => Of(model, kernels, CProgramBuilder.Steps(model, kernels));

    private static DeltaAbi Of(Int8Model model, KernelSet kernels, IEnumerable<CStep> steps)
    {
        EquatableArray<DeltaSlot> slots = steps.Where(s => s.Layer.Shape is not null).Select((s, i) => Slot(model, s, i)).ToEquatableArray();
        ImmutableDictionary<string, Int8Layer> layers = model.Layers.SetItems(slots.Select(s => KeyValuePair.Create(s.Node.Name, s.Layer)));
        Int8Model compiled = model with { Layers = layers, Adapters = EquatableArray<Int8Adapter>.Empty };
        return new DeltaAbi(TextOf(compiled.Graph, kernels, slots), BaseOf(compiled.Graph), kernels, slots, compiled)
        {
            Whole = model.Removal is { } removal ? WithConstantOutputs(removal.Whole, slots) : compiled,
        };
    }

    /// <summary>The adapter of <see cref="Whole"/> as an adapter of <see cref="Model"/>; MCU1225 where it needs removed channels.</summary>
    public Int8Adapter Reduce(Int8Adapter adapter) => Model.Removal?.Reduce(adapter, "MCU1225") ?? adapter;

    private static Int8Model WithConstantOutputs(Int8Model whole, EquatableArray<DeltaSlot> slots) => whole with
    {
        Layers = whole.Layers.SetItems(slots.Where(s => s.Layer is LinearLayer).Select(s =>
        {
            var layer = (LinearLayer)whole.Layers[s.Node.Name];
            return KeyValuePair.Create<string, Int8Layer>(s.Node.Name, ConstantOutputs.Rescale(layer, layer.Weights.Length / layer.OutputChannels, s.Kind == LinearKind.Depthwise));
        })),
    };

    private static DeltaSlot Slot(Int8Model model, CStep step, int index)
    {
        LinearShape shape = step.Layer.Shape!;
        if (model.Layers[step.Node.Name] is LayerNormalizationLayer norm)
        {
            long gamma = norm.Gamma.Max(g => Math.Abs((long)g));
            return new DeltaSlot(index, step.Index, step.Node, shape, norm, step.Layer.Linear!, NormLowering.LargestNormal * gamma, DeltaLayerShape.AllChannels);
        }

        bool isDepthwise = shape.Kind == LinearKind.Depthwise;
        LinearLayer layer = ConstantOutputs.Rescale((LinearLayer)model.Layers[step.Node.Name], shape.Depth, isDepthwise);
        long largest = 0;
        for (int o = 0; o < shape.Outputs; o++)
        {
            largest = Math.Max(largest, AccumulatorBound.WeightsOf(layer, shape.Depth, o, isDepthwise));
        }

        return new DeltaSlot(index, step.Index, step.Node, shape, layer, step.Layer.Linear!, 128 * largest, model.Removal?.RangesOf(step.Node.Output) ?? DeltaLayerShape.AllChannels);
    }

    private static string TextOf(Graph graph, KernelSet kernels, EquatableArray<DeltaSlot> slots)
    {
        var text = new StringBuilder("mcu-abi 1\n");
        text.Append(Invariant($"packing {(kernels == KernelSet.Dsp ? 1 : 0)}\n"))
            .Append("input ").Append(Port(graph[graph.Inputs[0]])).Append("output ").Append(Port(graph[graph.Outputs[0]]));
        foreach (DeltaSlot slot in slots)
        {
            (Quantization x, Quantization y) = (graph[slot.Node.Inputs[0]].Quantization!, graph[slot.Node.Output].Quantization!);
            text.Append(Invariant($"layer {slot.Index} {KindOf(slot)} {slot.Outputs} {slot.Depth} {(slot.IsFast ? 1 : 0)} "))
                .Append(Invariant($"{Bits(x.Scale)} {x.ZeroPoint} {Bits(y.Scale)} {y.ZeroPoint} {slot.LargestInput} {slot.Channels} {Name(slot.Node.Name)}\n"))
                .Append(Invariant($"scales {slot.Index} {string.Join(' ', Scales(graph, slot).Select(Bits))}\n"));
        }

        return text.Append("tables ").Append(Convert.ToHexStringLower(TablesHash(slots))).Append('\n').ToString();
    }

    private static string KindOf(DeltaSlot slot) => slot.Kind switch
    {
        LinearKind.Matrix => "matrix",
        LinearKind.Depthwise => "depthwise",
        _ => "norm",
    };

    /// <summary>Per output, of a layer normalisation gamma's one.</summary>
    private static EquatableArray<float> Scales(Graph graph, DeltaSlot slot) =>
        slot.Kind == LinearKind.Norm ? [graph[slot.Node.Inputs[1]].Quantization!.Scale] : slot.Linear.WeightScales;

    private static string Port(Tensor tensor) =>
        Invariant($"{tensor.Shape.Elements} {Bits(tensor.Quantization!.Scale)} {tensor.Quantization.ZeroPoint}\n");

    private static string Bits(float value) => BitConverter.SingleToUInt32Bits(value).ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>A name is the rest of its line: control characters, which could end it, become a question mark.</summary>
    private static string Name(string name) => string.Concat(name.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));

    /// <summary>Tables as the kernels read them, little-endian: weights, biases, multipliers, shifts, layer after layer.</summary>
    private static byte[] TablesHash(EquatableArray<DeltaSlot> slots)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (CTable table in slots.SelectMany(s => new[] { s.Tables.Weights, s.Tables.Bias, s.Tables.Multiplier, s.Tables.Shift }))
        {
            hash.AppendData(table.ToBytes());
        }

        return hash.GetHashAndReset();
    }

    private static EquatableArray<byte> BaseOf(Graph graph)
    {
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        byte[] known = Convert.FromHexString(graph.Source.Sha256);
        known.AsSpan(0, Math.Min(known.Length, hash.Length)).CopyTo(hash);
        return EquatableArray.Wrap(hash);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A layer that a delta may change.</summary>
/// <param name="Index">Index in the image's directory and in the firmware's table.</param>
/// <param name="Step">Index of its kernel call.</param>
/// <param name="Layer">
/// A <see cref="LinearLayer"/> or a <see cref="LayerNormalizationLayer"/>: constants as compiled, in the graph's layout. Outputs whose weights are all zero have the replaced scale of
/// <see cref="ConstantOutputs"/>; <see cref="LinearLayer.WeightScales"/> agree with it.
/// </param>
/// <param name="Tables">The base's tables as the kernels read them.</param>
/// <param name="LargestInput">The largest <c>128·sum |w|</c> over the outputs; of a layer normalisation <c>32769·|gamma|</c>.</param>
/// <param name="Channels">Source channels that exist: <c>all</c> or ranges.</param>
public sealed record DeltaSlot(
    int Index, int Step, Node Node, LinearShape Shape, Int8Layer Layer, LinearTables Tables, long LargestInput, string Channels)
{
    public LinearKind Kind => Shape.Kind;

    /// <summary>The layer of every kind but <see cref="LinearKind.Norm"/>.</summary>
    public LinearLayer Linear => (LinearLayer)Layer;

    /// <summary>Of the input of a linear layer; the kernel of layer normalisations does not read it.</summary>
    public int InputZeroPoint => Layer is LinearLayer linear ? linear.InputZeroPoint : 0;

    public int Outputs => Shape.Outputs;

    /// <summary>Weights of one output.</summary>
    public int Depth => Shape.Depth;

    /// <summary>Whether the kernels requantise by the fast path, with narrower limits.</summary>
    public bool IsFast => Shape.IsFast;
}
