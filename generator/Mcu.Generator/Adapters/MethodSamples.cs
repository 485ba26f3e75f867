using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters;

/// <summary>
/// An adapter of every method for a given network, with numbers that mean nothing: what a method costs in flash, memory and instructions
/// depends on which layers it changes and in which form, not on what was trained.
/// </summary>
public sealed class MethodSamples
{
    /// <summary>Part of the weights that the sparse sample changes.</summary>
    private const int SparseStride = 100;

    private readonly Int8Model model;
    private readonly Graph? floatGraph;
    private readonly int rank;
    private readonly Random random = new(1);
    private readonly LinearSource[] layers;

    private MethodSamples(Int8Model model, Graph? floatGraph, int rank)
    {
        (this.model, this.floatGraph, this.rank) = (model, floatGraph, rank);
        layers = [.. model.Graph.Nodes.Where(n => n.Operator is Conv2D or FullyConnected or DepthwiseConv2D).Select(n => LinearSource.Of(model, floatGraph, n))];
    }

    private IEnumerable<LinearSource> Matrices => layers.Where(l => !l.OutputsInnermost);

    /// <summary>
    /// LoRA and DoRA on every convolution and fully connected layer, BitFit and (IA)³ on every layer with weights, sparse differences
    /// of 1 % of all weights, the last layer replaced, and every layer normalisation tuned where there are any.
    /// </summary>
    /// <param name="model">Int8 base.</param>
    /// <param name="floatGraph">Canonical float graph of the same base, or null when the base was int8.</param>
    /// <param name="rank">Of LoRA and DoRA, at least 1.</param>
    public static IReadOnlyList<BoundAdapter> Of(Int8Model model, Graph? floatGraph, int rank) => new MethodSamples(model, floatGraph, rank).All();

    private BoundAdapter[] All() =>
    [
        .. ((BoundAdapter[])
        [
            Adapter($"lora-r{rank}", Matrices.Select(Lora)),
            Adapter($"dora-r{rank}", Matrices.SelectMany(l => new BoundPatch[] { Lora(l), Magnitude(l) })),
            Adapter("bitfit", layers.Select(Bias)),
            Adapter("ia3", layers.Select(Scale)),
            Adapter("sparse-1%", layers.Select(Sparse)),
            Adapter("head", Matrices.TakeLast(1).SelectMany(l => new BoundPatch[] { Weights(l), Bias(l) })),
            Adapter("layer-norm", model.Graph.Nodes.Where(n => n.Operator is LayerNormalization).Select(Norm)),
        ]).Where(a => a.Patches.Length > 0),
    ];

    private static BoundAdapter Adapter(string name, IEnumerable<BoundPatch> patches) => new(name, new string('0', 64), patches.ToEquatableArray());

    private LoraPatch Lora(LinearSource layer)
    {
        Shape weights = layer.Node.Input(1).Shape;
        var a = new AdapterValues(new Shape((int[])[rank, .. weights.Dims.Skip(1)]), Noise(rank * layer.Depth, 1));
        float size = 0.1f * Largest(layer) / rank;
        return new LoraPatch(Name(layer), Name(layer), a.Tensor, new AdapterValues(new Shape(layer.Outputs, rank), Noise(layer.Outputs * rank, size)).Tensor, 1);
    }

    /// <summary>Near the norms that the layer has, so that requantisation tables hold them.</summary>
    private MagnitudePatch Magnitude(LinearSource layer)
    {
        IEnumerable<float> norms = Enumerable.Range(0, layer.Outputs).Select(o => MathF.Sqrt(layer.Weights.Skip(o * layer.Depth).Take(layer.Depth).Sum(w => w * w)) + 0.01f);
        return new MagnitudePatch(Name(layer), Name(layer), norms.ToEquatableArray());
    }

    private BiasPatch Bias(LinearSource layer) =>
        new(Name(layer), Name(layer), layer.Bias.Zip(Noise(layer.Outputs, 0.05f), (b, n) => b + n).ToEquatableArray());

    private RowScalePatch Scale(LinearSource layer)
    {
        EquatableArray<float> factors = Noise(layer.Outputs, 0.1f).Select(n => 1 + n).ToEquatableArray();
        return new RowScalePatch(Name(layer), Name(layer), factors, factors, EquatableArray.Wrap(new float[layer.Outputs]));
    }

    private DifferencePatch Sparse(LinearSource layer)
    {
        float step = 0.2f * Largest(layer);
        int offset = random.Next(SparseStride);
        return new DifferencePatch(Name(layer), Name(layer), layer.Weights.Select((_, i) => (i + offset) % SparseStride == 0 ? step : 0).ToEquatableArray());
    }

    private WeightPatch Weights(LinearSource layer) => new(Name(layer), Name(layer), EquatableArray.Wrap(Noise(layer.Weights.Length, Largest(layer))));

    private NormPatch Norm(Node node)
    {
        int depth = model.Graph[node.Inputs[1]].Shape[0];
        return new NormPatch(node.Name, node.Name, Noise(depth, 0.2f).Select(n => 0.8f + n).ToEquatableArray(), EquatableArray.Wrap(Noise(depth, 0.1f)));
    }

    private static string Name(LinearSource layer) => layer.Node.Node.Name;

    private static float Largest(LinearSource layer) => layer.Weights.Max(Math.Abs);

    private float[] Noise(int count, float size) => [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * size)];

    private readonly record struct AdapterValues(Shape Shape, float[] Values)
    {
        public Ingest.Peft.AdapterTensor Tensor => new(Shape, EquatableArray.Wrap(Values));
    }
}
