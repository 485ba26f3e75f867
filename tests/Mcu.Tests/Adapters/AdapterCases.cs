using System.Collections.Immutable;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Operators;

namespace Mcu.Tests.Adapters;

/// <summary>Small graphs and adapters for binding tests.</summary>
internal static class AdapterCases
{
    /// <summary>
    /// input [1,4,4,2] → conv 3x3 'body.conv' (3x2x3x3) → depthwise 'body.dw' → conv 1x1 'body.pw' (5x3) → flatten →
    /// linear 'fc' (2x80) → linear 'head' (2x2, weights named by an exporter, bias 'head.bias').
    /// </summary>
    public static Graph Graph()
    {
        var tensors = new List<Tensor>
        {
            Activation("input", 1, 4, 4, 2), Activation("t1", 1, 4, 4, 3), Activation("t2", 1, 4, 4, 3),
            Activation("t3", 1, 4, 4, 5), Activation("t4", 1, 80), Activation("t5", 1, 2), Activation("output", 1, 2),
            Constant("body.conv.weight", 3, 3, 3, 2), Constant("body.conv.bias", 3),
            Constant("body.dw.weight", 1, 3, 3, 3), Constant("body.dw.bias", 3),
            Constant("body.pw.weight", 5, 1, 1, 3),
            Constant("fc.weight", 2, 80), Constant("fc.bias", 2),
            Constant("onnx::MatMul_7", 2, 2), Constant("head.bias", 2),
        };
        var same = new Window2D(3, 3, 1, 1, 1, 1, new Padding2D(1, 1, 1, 1));
        var one = new Window2D(1, 1, 1, 1, 1, 1, default);
        Node[] nodes =
        [
            new("/body/conv/Conv", new Conv2D(same, 1, FusedActivation.Relu), ["input", "body.conv.weight", "body.conv.bias"], ["t1"]),
            new("/body/dw/Conv", new DepthwiseConv2D(same, 1, FusedActivation.None), ["t1", "body.dw.weight", "body.dw.bias"], ["t2"]),
            new("/body/pw/Conv", new Conv2D(one, 1, FusedActivation.None), ["t2", "body.pw.weight"], ["t3"]),
            new("/Flatten", new Reshape(new Shape(1, 80)), ["t3"], ["t4"]),
            new("/fc/Gemm", new FullyConnected(FusedActivation.Relu), ["t4", "fc.weight", "fc.bias"], ["t5"]),
            new("node7", new FullyConnected(FusedActivation.None), ["t5", "onnx::MatMul_7", "head.bias"], ["output"]),
        ];
        return GraphValidator.Validate(new Graph(
            new ModelSource("net.onnx", SourceFormat.Onnx, ""),
            nodes.ToEquatableArray(),
            tensors.ToImmutableDictionary(t => t.Name, StringComparer.Ordinal),
            ["input"],
            ["output"]));
    }

    /// <summary>The graph with one tensor changed.</summary>
    public static Graph With(this Graph graph, string tensor, Func<Tensor, Tensor> change) =>
        graph.With(graph.Nodes, [change(graph[tensor])]);

    public static PeftAdapter Adapter(params PeftModule[] modules) => new("test", "", modules.ToEquatableArray());

    public static PeftModule Lora(string module, int[] a, int[] b, double scale = 1) =>
        new(module, new LoraFactors(Values(a), Values(b), a[0], scale), null, null, null, false);

    public static PeftModule Bias(string module, params float[] values) =>
        new(module, null, new AdapterTensor(new Shape(values.Length), values.ToEquatableArray()), null, null, false);

    public static PeftModule Saved(string module, params int[] shape) =>
        new(module, null, null, Values(shape), null, false);

    /// <summary>1, 2, 3 … so that a permutation shows.</summary>
    public static AdapterTensor Values(params int[] shape)
    {
        int count = shape.Aggregate(1, (p, d) => p * d);
        return new AdapterTensor(new Shape(shape), Enumerable.Range(1, count).Select(i => (float)i).ToEquatableArray());
    }

    private static Tensor Activation(string name, params int[] shape) => new(name, DataType.Float32, new Shape(shape));

    private static Tensor Constant(string name, params int[] shape)
    {
        var random = new Random(name.Length);
        int count = shape.Aggregate(1, (p, d) => p * d);
        return new Tensor(name, DataType.Float32, new Shape(shape))
        {
            Data = new FloatData(Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1).ToEquatableArray()),
        };
    }
}
