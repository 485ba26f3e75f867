using System.Collections.Immutable;
using Mcu.Generator.Deltas;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;
using Mcu.Tests.Int8;

namespace Mcu.Tests.Deltas;

/// <summary>A small network with two layer normalisations (of 16 and 5 values), and adapters that change them.</summary>
internal sealed class NormNetwork
{
    /// <param name="isFast">Whether gamma and beta leave the layer normalisations on the kernels' fast path.</param>
    public NormNetwork(bool isFast, KernelSet kernels)
    {
        Graph graph = new Int8GraphBuilder(new Random(7), new Shape(1, 3, 16)).Normalize().Connected(5, keepDims: true).Normalize(0.8f).Connected(4).Build();
        Model = Int8Model.Prepare(graph);
        if (isFast)
        {
            Model = Model with { Layers = Model.Layers.SetItems(Norms.Select(n => KeyValuePair.Create<string, Int8Layer>(n, Smaller(LayerOf(n))))) };
        }

        Abi = DeltaAbi.Of(Model, kernels);
        Shape = DeltaInterface.Of(Abi);
        Slots = [.. Abi.Slots.Where(s => s.Kind == LinearKind.Norm)];
        Assert.All(Slots, slot => Assert.Equal(isFast, slot.IsFast));
    }

    public Int8Model Model { get; }

    public DeltaAbi Abi { get; }

    public DeltaInterface Shape { get; }

    /// <summary>The layer normalisations.</summary>
    public DeltaSlot[] Slots { get; }

    private IEnumerable<string> Norms => Model.Graph.Nodes.Where(n => n.Operator is LayerNormalization).Select(n => n.Name);

    /// <summary>An image that changes these sections of both layer normalisations, within their limits.</summary>
    public DeltaImage Image(DeltaSections sections, int seed) => DeltaPacker.WithSelfTests(Of([.. Slots.Select(slot => (slot, Change(slot, sections, new Random(seed))))]), Abi, 1);

    public DeltaImage Of(params (DeltaSlot Slot, DeltaLayer Layer)[] layers) => new(
        new DeltaHeader(Shape.Base!.Value, Shape.Abi, 0, 1, 0), [], [], Abi.Slots.Select(s => layers.FirstOrDefault(l => l.Slot == s).Layer).ToEquatableArray<DeltaLayer?>());

    public byte[] Bytes(DeltaImage image) => DeltaWriter.Write(image, Shape);

    /// <summary>What compiled-in adapters are: the variants of an image's layers, made without any code of images.</summary>
    public Int8Adapter Adapter(string name, params DeltaImage[] images) => new(name, "", Slots.ToImmutableDictionary(s => s.Node.Name, slot =>
    {
        LayerNormalizationLayer layer = LayerOf(slot.Node.Name);
        foreach (DeltaLayer change in images.Select(i => i.Layers[slot.Index]!))
        {
            layer = layer with
            {
                Gamma = change.Gamma ?? layer.Gamma,
                Beta = change.Bias ?? layer.Beta,
                By = change.Requant is { } by ? new Requantization(by.Multipliers[0], -by.Shifts[0]) : layer.By,
            };
        }

        return new LayerVariant(AdapterMode.Norm, layer);
    }));

    public byte[] Inputs(int samples)
    {
        byte[] bytes = new byte[samples * (int)Model.Graph[Model.Graph.Inputs[0]].Shape.Elements];
        new Random(11).NextBytes(bytes);
        return bytes;
    }

    private static DeltaLayer Change(DeltaSlot slot, DeltaSections sections, Random random)
    {
        int shift = random.Next(0, 2) - ((LayerNormalizationLayer)slot.Layer).By.Shift;
        return new DeltaLayer
        {
            Bias = sections.HasFlag(DeltaSections.Bias) ? [.. Enumerable.Range(0, slot.Outputs).Select(_ => random.Next(-1 << 27, 1 << 27))] : null,
            Requant = sections.HasFlag(DeltaSections.Requant) ? new([random.Next(1 << 30, int.MaxValue)], [shift]) : null,
            Gamma = sections.HasFlag(DeltaSections.Weights) ? [.. Enumerable.Range(0, slot.Outputs).Select(_ => (short)random.Next(-20_000, 20_000))] : null,
        };
    }

    private static LayerNormalizationLayer Smaller(LayerNormalizationLayer norm) => norm with
    {
        Gamma = [.. norm.Gamma.Select(g => (short)(g / 2))],
        Beta = [.. norm.Beta.Select(b => b / 4)],
        By = norm.By with { Shift = norm.By.Shift + 1 },
    };

    private LayerNormalizationLayer LayerOf(string node) => (LayerNormalizationLayer)Model.Layers[node];
}
