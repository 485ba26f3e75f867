using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest.Numpy;
using Mcu.Tests.Onnx;

namespace Mcu.Tests.Structural;

/// <summary>An archive of random weights, and the same weights written into an ONNX model as nodes; a seed gives one adapter.</summary>
internal sealed class SeededAdapter(int seed)
{
    private readonly Random random = new(seed);
    private readonly NpzWriter archive = new();
    private readonly List<Action<ModelProto>> surgeries = [];
    private int count;

    /// <summary>An array that the model has no node for.</summary>
    public SeededAdapter Also(string name, int[] shape, float[] values, Action<ModelProto> surgery)
    {
        archive.Add(name, shape, values);
        surgeries.Add(surgery);
        return this;
    }

    /// <param name="node">Whose output the branch reads and is added to.</param>
    /// <param name="gelu">Gelu of the runtime's own domain; else relu.</param>
    public SeededAdapter Bottleneck(string place, Func<ModelProto, string> output, int depth, int rank, bool gelu, float scale = 1) =>
        Branch("bottleneck." + place, output, output, depth, rank, gelu, scale);

    public SeededAdapter Parallel(string place, Func<ModelProto, string> input, Func<ModelProto, string> output, int depth, int rank, float scale) =>
        Branch("parallel." + place, input, output, depth, rank, false, scale);

    /// <summary>
    /// Keys <c>[1,heads,size,tokens]</c> or <c>[1,heads,tokens,size]</c> and values <c>[1,heads,tokens,size]</c> become longer at the two products.
    /// </summary>
    public SeededAdapter Prefix(string place, (string Product, int Operand, bool Transposed) keys, (string Product, int Operand) values, int rows, int heads, int size, bool byHead, float valueSize)
    {
        string name = $"p{count++}";
        float[] key = Values(rows * heads * size, 3);
        float[] value = Values(rows * heads * size, valueSize);
        int[] shape = byHead ? [heads, rows, size] : [rows, heads * size];
        archive.Add($"prefix.{place}.key", shape, key).Add($"prefix.{place}.value", shape, value);
        surgeries.Add(model =>
        {
            int[] wanted = byHead ? [0, 1, 2] : [1, 0, 2];
            int[] stored = byHead ? [heads, rows, size] : [rows, heads, size];
            Join(model, keys.Product, keys.Operand, keys.Transposed ? 3 : 2, name + "k", keys.Transposed ? [1, heads, size, rows] : [1, heads, rows, size], Moved(key, stored, keys.Transposed ? [wanted[0], wanted[2], wanted[1]] : wanted));
            Join(model, values.Product, values.Operand, 2, name + "v", [1, heads, rows, size], Moved(value, stored, wanted));
        });
        return this;
    }

    public SeededAdapter Prompt(string place, Func<ModelProto, string> sequence, int rows, int depth, Action<ModelProto> lengths)
    {
        string name = $"t{count++}";
        float[] tokens = Values(rows * depth, 1);
        archive.Add($"prompt.{place}.tokens", [rows, depth], tokens);
        surgeries.Add(model =>
        {
            string tensor = sequence(model);
            OnnxModelBuilder nodes = new OnnxModelBuilder().Weights(name + "w", [1, rows, depth], tokens).Node("Concat", $"{name}w {tensor}", name, ("axis", 1));
            OnnxSurgery.Replace(model, tensor, name, nodes);
            lengths(model);
        });
        return this;
    }

    /// <summary>Path of the archive.</summary>
    public string Write(string name = "adapter")
    {
        string path = Path.Combine(TestFolder.Create("structural"), name + ".npz");
        File.WriteAllBytes(path, archive.ToBytes());
        return path;
    }

    /// <summary>The model with the adapter written out.</summary>
    public ModelProto Into(ModelProto model)
    {
        surgeries.ForEach(s => s(model));
        return model;
    }

    public float[] Values(int length, float size) => [.. Enumerable.Range(0, length).Select(_ => ((random.NextSingle() * 2) - 1) * size)];

    private SeededAdapter Branch(string name, Func<ModelProto, string> input, Func<ModelProto, string> output, int depth, int rank, bool gelu, float scale)
    {
        string stem = $"b{count++}";
        (float[] down, float[] downBias, float[] up, float[] upBias) = (Values(rank * depth, 0.7f), Values(rank, 0.3f), Values(depth * rank, 0.5f), Values(depth, 0.1f));
        archive.Add(name + ".down.weight", [rank, depth], down).Add(name + ".down.bias", [rank], downBias).Add(name + ".up.weight", [depth, rank], up)
            .Add(name + ".up.bias", [depth], upBias).Add($"{name}.{(gelu ? "gelu" : "relu")}", [], [1f]);
        if (scale != 1)
        {
            archive.Add(name + ".scale", [1], [scale]);
        }

        surgeries.Add(model =>
        {
            OnnxModelBuilder nodes = new OnnxModelBuilder()
                .Weights(stem + "d", [depth, rank], Moved(down, [rank, depth], [1, 0])).Weights(stem + "db", [rank], downBias)
                .Weights(stem + "u", [rank, depth], Moved(up, [depth, rank], [1, 0])).Weights(stem + "ub", [depth], upBias).Weights(stem + "s", [], scale)
                .Node("MatMul", $"{input(model)} {stem}d", stem + "0").Node("Add", $"{stem}0 {stem}db", stem + "1");
            nodes = gelu ? nodes.Microsoft("Gelu", stem + "1", stem + "2") : nodes.Node("Relu", stem + "1", stem + "2");
            nodes.Node("MatMul", $"{stem}2 {stem}u", stem + "3").Node("Add", $"{stem}3 {stem}ub", stem + "4").Node("Mul", $"{stem}4 {stem}s", stem + "5")
                .Node("Add", $"{output(model)} {stem}5", stem);
            OnnxSurgery.Replace(model, output(model), stem, nodes);
        });
        return this;
    }

    private static void Join(ModelProto model, string product, int operand, int axis, string name, int[] shape, float[] rows)
    {
        string tensor = model.Graph.Node.Single(n => n.Name == product).Input[operand];
        OnnxModelBuilder nodes = new OnnxModelBuilder().Weights(name + "w", [.. shape.Select(d => (long)d)], rows).Node("Concat", $"{name}w {tensor}", name, ("axis", axis));
        OnnxSurgery.ReplaceIn(model, product, tensor, name, nodes);
    }

    /// <summary>Row-major data with its axes in another order.</summary>
    private static float[] Moved(float[] values, int[] shape, int[] order)
    {
        int[] strides = [.. shape.Select((_, i) => shape.Skip(i + 1).Aggregate(1, (p, d) => p * d))];
        IEnumerable<int> offsets = [0];
        foreach (int axis in order)
        {
            offsets = offsets.SelectMany(o => Enumerable.Range(0, shape[axis]).Select(i => o + (i * strides[axis]))).ToArray();
        }

        return [.. offsets.Select(o => values[o])];
    }
}
