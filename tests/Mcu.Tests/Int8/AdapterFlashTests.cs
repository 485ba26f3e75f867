using System.Collections.Immutable;
using CsCheck;
using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;
using Mcu.Generator.Planning;

namespace Mcu.Tests.Int8;

/// <summary>The choice between merge and side path by the flash that is really emitted.</summary>
public sealed class AdapterFlashTests
{
    [Fact]
    public void Auto_never_spends_more_flash_than_the_side_path()
    {
        Gen.Select(Gen.Int[1, 70], Gen.Int[1, 40], Gen.Int[1, 12], Gen.Int[0, 3], Gen.Int[0, 10000], Gen.Bool).Sample(
            (depth, outputs, rank, rows, seed, dsp) =>
            {
                Graph graph = Layer(depth, outputs, seed);
                Int8Model model = Int8Model.Prepare(GraphQuantizer.Quantize(graph, Ranges));
                BoundAdapter adapter = Adapter(depth, outputs, rank, rows, seed);
                KernelSet kernels = dsp ? KernelSet.Dsp : KernelSet.Portable;

                int auto = Bytes(Int8AdapterBuilder.Add(model, graph, adapter, AdapterModeChoice.Auto), kernels);
                int side = Bytes(Int8AdapterBuilder.Add(model, graph, adapter, AdapterModeChoice.Side), kernels);

                return auto <= side;
            },
            iter: 300,
            threads: 1);
    }

    private static ImmutableDictionary<string, ActivationRange> Ranges { get; } = ImmutableDictionary<string, ActivationRange>.Empty
        .Add("x", new ActivationRange(-3, 5)).Add("y", new ActivationRange(-20, 20));

    private static int Bytes(Int8Model model, KernelSet kernels) =>
        CEmitter.Emit(CProgramBuilder.Build(model, kernels, PlannerOptions.Default, CancellationToken.None), "net", "any").AdapterBytes;

    internal static Graph Layer(int depth, int outputs, int seed)
    {
        var random = new Random(seed);
        Tensor[] tensors =
        [
            new("x", DataType.Float32, new Shape(1, depth)),
            new("y", DataType.Float32, new Shape(1, outputs)),
            new("w", DataType.Float32, new Shape(outputs, depth)) { Data = new FloatData(Values(random, outputs * depth, 0.5f)) },
            new("b", DataType.Float32, new Shape(outputs)) { Data = new FloatData(Values(random, outputs, 1)) },
        ];
        return GraphValidator.Validate(new Graph(
            new ModelSource("layer.onnx", SourceFormat.Onnx, "00"),
            [new Node("fc", new FullyConnected(FusedActivation.None), ["x", "w", "b"], ["y"])],
            tensors.ToImmutableDictionary(t => t.Name, StringComparer.Ordinal),
            ["x"],
            ["y"]));
    }

    /// <param name="rows">Rows of B that are not zero; 0 for all.</param>
    internal static BoundAdapter Adapter(int depth, int outputs, int rank, int rows, int seed, float size = 0.1f)
    {
        var random = new Random(seed + 1);
        EquatableArray<float> a = Values(random, rank * depth, 0.3f);
        float[] b = [.. Values(random, outputs * rank, size).Select((v, i) => rows == 0 || i / rank < rows ? v : 0)];
        return new BoundAdapter("adapter", "00", [new LoraPatch(
            "fc", "fc", new AdapterTensor(new Shape(rank, depth), a), new AdapterTensor(new Shape(outputs, rank), b.ToEquatableArray()), 1)]);
    }

    private static EquatableArray<float> Values(Random random, int count, float size) =>
        [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * size)];
}
