using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Tflite;
using Mcu.Generator.Operators;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mcu.Tests.Ingest.Tflite;

/// <summary>The public MLPerf Tiny models.</summary>
public sealed class TfliteSharedModelTests
{
    private readonly DiagnosticBag notes = new();

    /// <summary>
    /// Counted by a separate Python script over the files' tables (struct.unpack, nothing of this project): operators, tensors
    /// that operators read or write without the reshapes' shape inputs, the sum of all int8 and of all int32 constants,
    /// the number of scales, and the exclusive or of their 32-bit patterns.
    /// </summary>
    [Theory]
    [InlineData("kws_int8", 13, 34, -39428, 370377, 1168, 0x0443576f)]
    [InlineData("ad_int8", 10, 31, -1114871, 150044, 31, 0x3d503a88)]
    [InlineData("ic_int8", 16, 37, -154223, 727400, 691, 0x3c7f464d)]
    [InlineData("vww_int8", 31, 88, -160197, -660192304521, 5506, 0x0778b4fa)]
    [InlineData("sww_int8", 11, 30, -13228, -290638, 1694, 0x0d29d8c2)]
    public void Int8_model_is_read_completely(string name, int nodes, int tensors, long weights, long biases, int scales, int pattern)
    {
        Graph graph = Read(name);

        Assert.Equal(nodes, graph.Nodes.Length);
        Assert.Equal(tensors, graph.Tensors.Count);
        Assert.Equal(weights, graph.Tensors.Values.Select(t => t.Data).OfType<Int8Data>().Sum(d => d.Values.Sum(v => (long)v)));
        Assert.Equal(biases, graph.Tensors.Values.Select(t => t.Data).OfType<Int32Data>().Sum(d => d.Values.Sum(v => (long)v)));
        float[] all = [.. graph.Tensors.Values.SelectMany(t => t.Quantization?.Scales ?? [])];
        Assert.Equal(scales, all.Length);
        Assert.Equal(pattern, all.Aggregate(0, (x, s) => x ^ BitConverter.SingleToInt32Bits(s)));
        Assert.True(graph.IsInt8);
    }

    /// <summary>From the same script: operator and output shape of every node of two models.</summary>
    [Theory]
    [InlineData(
        "kws_int8",
        "Conv2D1x25x5x64 DepthwiseConv2D1x25x5x64 Conv2D1x25x5x64 DepthwiseConv2D1x25x5x64 Conv2D1x25x5x64 DepthwiseConv2D1x25x5x64 Conv2D1x25x5x64 DepthwiseConv2D1x25x5x64 Conv2D1x25x5x64 AveragePool2D1x1x1x64 Reshape1x64 FullyConnected1x12 Softmax1x12")]
    [InlineData(
        "ic_int8",
        "Conv2D1x32x32x16 Conv2D1x32x32x16 Conv2D1x32x32x16 Add1x32x32x16 Conv2D1x16x16x32 Conv2D1x16x16x32 Conv2D1x16x16x32 Add1x16x16x32 Conv2D1x8x8x64 Conv2D1x8x8x64 Conv2D1x8x8x64 Add1x8x8x64 AveragePool2D1x1x1x64 Reshape1x64 FullyConnected1x10 Softmax1x10")]
    public void Nodes_have_their_operators_and_shapes(string name, string expected)
    {
        Graph graph = Read(name);

        Assert.Equal(expected, string.Join(' ', graph.Nodes.Select(n => n.Operator.GetType().Name + string.Join('x', graph[n.Output].Shape.Dims))));
    }

    /// <summary>Bit patterns read from the file by the same script.</summary>
    [Fact]
    public void Keyword_model_has_its_scales_and_padding()
    {
        Graph graph = Read("kws_int8");

        Quantization input = graph["input_1"].Quantization!;
        Assert.Equal((0x3f15af17, 83), (BitConverter.SingleToInt32Bits(input.Scale), input.ZeroPoint));
        Quantization weights = graph["functional_1/conv2d/Conv2D"].Quantization!;
        Assert.Equal([0x3aae914d, 0x3a42017c], weights.Scales.Take(2).Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(64, weights.Scales.Length);
        Assert.Equal(0x3c096468, BitConverter.SingleToInt32Bits(graph["functional_1/dense/MatMul"].Quantization!.Scale));

        // 49x10 input, 10x4 kernel, stride 2: totals 9 and 2 by the SAME rule.
        Window2D window = ((Conv2D)graph.Nodes[0].Operator).Window;
        Assert.Equal(new Window2D(10, 4, 2, 2, 1, 1, new Padding2D(4, 1, 5, 1)), window);
        Assert.Equal(FusedActivation.Relu, ((Conv2D)graph.Nodes[0].Operator).Activation);
        Assert.Equal("aeea436800704fce17b17292e4412630ad856e9d777c044c64ef748a880bd0ae", graph.Source.Sha256);
    }

    [Fact]
    public void Dynamic_range_model_becomes_float()
    {
        Graph graph = Read("kws_fp32");

        Assert.Equal(13, graph.Nodes.Length);
        Assert.All(graph.Tensors.Values, t => Assert.Equal((DataType.Float32, null), (t.Type, t.Quantization)));
        Diagnostic note = Assert.Single(notes.Items, n => n.Code == "MCU0241");
        Assert.StartsWith("5 constants", note.Message, StringComparison.Ordinal);
        Assert.Contains("'functional_1/conv2d_4/Conv2D'", note.Message, StringComparison.Ordinal);
    }

    /// <summary>The ONNX twins were converted from these files by others; ONNX Runtime is the second implementation.</summary>
    [Theory]
    [InlineData("kws_fp32", 20f)]
    [InlineData("ad_fp32", 5f)]
    [InlineData("ic_fp32", 255f)]
    [InlineData("vww_fp32", 1f)]
    public void Float_model_equals_its_onnx_twin(string name, float range)
    {
        Graph graph = Read(name);
        Shape shape = graph[graph.Inputs[0]].Shape;
        const int Seed = 20261124;
        var random = new Random(Seed);
        float[] input = [.. Enumerable.Range(0, (int)shape.Elements).Select(_ => range * random.NextSingle())];

        Dictionary<string, TensorValue> values = FloatReference.Run(graph, new Dictionary<string, TensorValue> { [graph.Inputs[0]] = new TensorValue(shape, input) });

        float[] actual = values[graph.Outputs[0]].Floats;
        float[] expected = RunTwin(name, input, shape);
        Assert.Equal(expected.Length, actual.Length);
        float tolerance = (1e-4f * expected.Max(MathF.Abs)) + 1e-6f;
        Assert.All(expected.Zip(actual), p => Assert.InRange(MathF.Abs(p.First - p.Second), 0, tolerance));
    }

    private static float[] RunTwin(string name, float[] input, Shape shape)
    {
        using var session = new InferenceSession(TestData.Shared($"onnx/mlperf-tiny/{name}.onnx"));
        var tensor = new DenseTensor<float>(input, shape.Dims.ToArray());
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run([NamedOnnxValue.CreateFromTensor(session.InputNames[0], tensor)]);
        return [.. outputs[0].AsEnumerable<float>()];
    }

    private Graph Read(string name) => TfliteReader.ReadFile(TestData.Shared($"mlperf-tiny/{name}.tflite"), notes);
}
