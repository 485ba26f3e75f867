using Mcu.Generator.Adapters;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Tests.Int8;

namespace Mcu.Tests.Emission;

/// <summary>Small int8 networks with adapters that together use every kernel and every kind of adapter.</summary>
internal static class TinyModels
{
    private static readonly Window2D Same3 = new(3, 3, 1, 1, 1, 1, new Padding2D(1, 1, 1, 1));

    public static Int8Model Of(string name) => name switch
    {
        "images" => Images(),
        "vectors" => Vectors(),
        _ => Tokens(),
    };

    /// <summary>Convolutions, pools, a residual, moves; adapters with side paths and a changed bias.</summary>
    public static Int8Model Images(string nodeName = "head", string file = "images.tflite", string adapterName = "a")
    {
        var builder = new Int8GraphBuilder(new Random(11), new Shape(1, 6, 5, 3));
        builder.Conv(4, Same3, FusedActivation.Relu, name: "stem");
        Tensor start = builder.Last;
        builder.Depthwise(1, Same3, FusedActivation.Relu6).Add(start)
            .MaxPool(new Window2D(2, 2, 2, 1, 1, 1, default)).Pad([0, 1, 0, 0], [0, 0, 1, 0]).Transpose(0, 2, 1, 3)
            .Requantize(0.8f).AveragePool(new Window2D(2, 2, 1, 1, 1, 1, default)).Relu(1)
            .Conv(5, new Window2D(1, 1, 1, 1, 1, 1, default), name: nodeName).Mean(1, 2).Reshape(1, 5).Softmax();
        Int8Model model = Int8Model.Prepare(builder.Build(file));
        model = Add(model, adapterName, AdapterModeChoice.Side, Lora("stem", 4, [3, 3, 3], 2, 1), Lora(nodeName, 5, [1, 1, 4], 3, 2));
        return Add(model, adapterName + "2", AdapterModeChoice.Side, Lora(nodeName, 5, [1, 1, 4], 1, 3), new BiasPatch("stem", "m", [0.5f, -0.5f, 1, 0]));
    }

    /// <summary>Fully connected layers; adapters merged as a copy, merged sparsely, and a replaced head.</summary>
    public static Int8Model Vectors()
    {
        var builder = new Int8GraphBuilder(new Random(12), new Shape(1, 13));
        builder.Connected(9, activation: FusedActivation.Relu, name: "hidden").Connected(6, name: "head");
        Int8Model model = Int8Model.Prepare(builder.Build("vectors.tflite"));
        model = Add(model, "copy", AdapterModeChoice.Merge, Lora("hidden", 9, [13], 2, 4, size: 6));
        model = Add(model, "sparse", AdapterModeChoice.Merge, Lora("hidden", 9, [13], 1, 5, row: 4));
        var random = new Random(6);
        return Add(model, "replaced", AdapterModeChoice.Auto, new WeightPatch("head", "m", Values(random, 54, 1)), new BiasPatch("head", "m", Values(random, 6, 1)));
    }

    /// <summary>A block of a transformer, products and sums with constants of every shape, softmax with a stride; an adapter beside layers of tokens.</summary>
    public static Int8Model Tokens()
    {
        const int tokens = 6;
        var builder = new Int8GraphBuilder(new Random(13), new Shape(1, tokens, 7));
        builder.Connected(8, keepDims: true, name: "embed").WithConstant(new Add(FusedActivation.None), [tokens, 8], true).Normalize();
        Tensor x = builder.Last;
        Tensor heads(string name)
        {
            builder.From(x).Connected(8, keepDims: true, name: name).Reshape(1, tokens, 2, 4).Transpose(0, 2, 1, 3);
            return builder.Last;
        }

        (Tensor keys, Tensor values) = (heads("key"), heads("value"));
        heads("query");
        builder.Product(keys, false, true).Softmax(3, 0.5f).Product(values, false, false).Transpose(0, 2, 1, 3).Reshape(1, tokens, 8)
            .Connected(8, keepDims: true, name: "project").Add(x).Normalize(withBeta: false).Gelu(0.7f)
            .WithConstant(new Mul(FusedActivation.Relu), [8], false).WithConstant(new Add(FusedActivation.None), [tokens, 1], true).Softmax(1);
        Int8Model model = Int8Model.Prepare(builder.Product(x, true, false).Reshape(1, 64).Build("tokens.onnx"));
        return Add(model, "side", AdapterModeChoice.Side, Lora("embed", 8, [7], 2, 7), Lora("project", 8, [8], 3, 8));
    }

    private static Int8Model Add(Int8Model model, string name, AdapterModeChoice mode, params BoundPatch[] patches) =>
        Int8AdapterBuilder.Add(model, null, new BoundAdapter(name, new string('a', 64), patches.ToEquatableArray()), mode);

    private static LoraPatch Lora(string node, int outputs, int[] inputs, int rank, int seed, int? row = null, float size = 0.4f)
    {
        var random = new Random(seed);
        EquatableArray<float> a = Values(random, rank * inputs.Aggregate(1, (p, d) => p * d), 0.5f);
        float[] b = [.. Values(random, outputs * rank, size).Select((v, i) => row is null || i / rank == row ? v : 0)];
        return new LoraPatch(node, "m", new AdapterTensor(new Shape(inputs.Prepend(rank).ToArray()), a), new AdapterTensor(new Shape(outputs, rank), b.ToEquatableArray()), 1);
    }

    private static EquatableArray<float> Values(Random random, int count, float size) =>
        [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * size)];
}
