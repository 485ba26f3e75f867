using Google.Protobuf;
using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;
using Mcu.Tests.Onnx;
using Mcu.Tests.Passes;

namespace Mcu.Tests.Adapters;

/// <summary>Low-rank branches that stand in the graph itself: run, merged, or lifted out as an adapter.</summary>
public class GraphLoraTests
{
    private const string Network = $"{CctOnnxTests.WithLora}/network_infer.onnx";

    private static OnnxModelBuilder Layer(int opset = 13) =>
        new OnnxModelBuilder(opset).Input("x", 1, 5, 8).Output("y")
            .Weights("w", [8, 6]).Weights("b", [6]).Weights("a", [8, 2]).Weights("up", [2, 6]).Weights("scale", [], 0.5f).Weights("four", [], 4).Weights("wide", [8, 6]).Weights("back", [6, 6]);

    [Fact]
    public void The_branches_of_the_transformer_are_run_merged_or_lifted_with_equal_outputs()
    {
        Graph read = OnnxReader.ReadFile(TestData.Shared(Network), new DiagnosticBag());
        float[] run = CctOnnxTests.Output(StandardPasses.Canonicalise(read, new DiagnosticBag()), CctOnnxTests.WithLora);
        float[] merged = CctOnnxTests.Output(StandardPasses.Canonicalise(read, GraphLoraMode.Merge, new DiagnosticBag()).Graph, CctOnnxTests.WithLora);
        (Graph graph, BoundAdapter adapter) = Lifted(read);
        float[] lifted = CctOnnxTests.Output(FloatMerge.Apply(graph, adapter), CctOnnxTests.WithLora);

        AssertClose(run, merged);
        AssertClose(run, lifted);
        Assert.NotEqual(run, CctOnnxTests.Output(graph, CctOnnxTests.WithLora));

        // Two blocks with q, k, v, projection and two linear layers, all of rank 4.
        Assert.Equal(12, adapter.Patches.Length);
        Assert.All(adapter.Patches, p => Assert.Equal(4, Assert.IsType<LoraPatch>(p).Rank));
        Assert.Equal("network_infer", adapter.Name);
        Assert.Equal(read.Source.Sha256, adapter.Sha256);
        Assert.DoesNotContain(graph.Nodes, n => n.Operator is FullyConnected && graph[n.Output].Shape[-1] == 4);
    }

    [Fact]
    public void Every_node_with_the_lifted_adapter_equals_OnnxRuntime()
    {
        byte[] model = File.ReadAllBytes(TestData.Shared(Network));
        Graph read = OnnxReader.Read(model, "network_infer.onnx", new DiagnosticBag());
        (Graph graph, BoundAdapter adapter) = Lifted(read);
        VerificationReport report = OnnxVerifier.Verify(model, FloatMerge.Apply(graph, adapter), SampleInputs.Create(read, 3));
        Assert.True(report.Passed, string.Join("\n", report.Failures));
        Assert.True(report.Tensors.Length > 25);
    }

    /// <summary>Every B of the file is a constant of shape [4,128], so zeroing these in the file gives the base alone.</summary>
    [Fact]
    public void Without_the_lifted_adapter_the_base_equals_the_network_with_B_zeroed()
    {
        byte[] model = File.ReadAllBytes(TestData.Shared(Network));
        ModelProto proto = ModelProto.Parser.ParseFrom(model);
        TensorProto[] factors = [.. proto.Graph.Initializer.Where(t => t.Dims.SequenceEqual([4, 128]))];
        Assert.Equal(12, factors.Length);
        foreach (TensorProto factor in factors)
        {
            factor.RawData = ByteString.CopyFrom(new byte[4 * 128 * sizeof(float)]);
        }

        Graph read = OnnxReader.Read(model, "network_infer.onnx", new DiagnosticBag());
        Dictionary<string, TensorValue> inputs = SampleInputs.Create(read, 3);
        float[] expected = OnnxRuntimeExecutor.Run(proto.ToByteArray(), inputs)["output"].Floats;
        AssertClose(expected, FloatReference.Run(Lifted(read).Graph, inputs)["output"].Floats);
    }

    /// <summary>The lifted adapter in int8, in either form, against the float network that has it merged.</summary>
    [Theory]
    [InlineData(AdapterModeChoice.Side)]
    [InlineData(AdapterModeChoice.Merge)]
    public void The_lifted_adapter_works_in_int8(AdapterModeChoice choice)
    {
        Graph read = OnnxReader.ReadFile(TestData.Shared(Network), new DiagnosticBag());
        (Graph graph, BoundAdapter adapter) = Lifted(read);
        TensorValue[] samples = [.. Enumerable.Range(1, 3).Select(seed => SampleInputs.Create(read, (uint)seed)["input"])];
        Graph int8 = GraphQuantizer.Quantize(graph, Calibrator.Run(graph, samples, CalibrationMethod.MinMax, null, TestContext.Current.CancellationToken));
        Int8Model model = Int8AdapterBuilder.Add(Int8Model.Prepare(int8), graph, adapter, choice);
        QuantizationQuality quality = QuantizationQuality.Measure(FloatMerge.Apply(graph, adapter), model, samples[..1], 1, TestContext.Current.CancellationToken);
        Assert.True(quality.SignalToNoise > 25, $"{quality.SignalToNoise} dB");
    }

    [Theory]
    [InlineData("MatMul x w m", "MatMul x a d", "MatMul d up u", "Add m u y")]
    [InlineData("MatMul x w n", "Add n b m", "MatMul x a d", "MatMul d up e", "Mul e scale u", "Add u m y")]
    [InlineData("MatMul x w n", "Add n b m", "MatMul x a e", "Div e scale d", "MatMul d up u", "Add m u y")]
    [InlineData("MatMul x w m", "MatMul x a e", "Mul four e d", "MatMul d up f", "Mul f scale u", "Add m u s", "Add s b y")]
    [InlineData("MatMul x w m", "MatMul x a d", "MatMul d up u", "Add m u s", "Mul s scale y")]
    [InlineData("MatMul x w m", "MatMul x a d", "MatMul d up u", "Add m u s", "Add s b t", "Relu t y")]
    public void A_branch_with_its_scale_and_what_follows_is_taken_out_whole(params string[] nodes)
    {
        OnnxModelBuilder model = Build(nodes);
        (Graph graph, BoundAdapter adapter) = Lifted(model.Read());
        Assert.Equal(["FullyConnected"], PassTests.Operators(graph));
        var patch = Assert.IsType<LoraPatch>(Assert.Single(adapter.Patches));
        Assert.Equal(2, patch.Rank);
        Check(model, graph, adapter);
    }

    [Fact]
    public void A_second_branch_beside_one_layer_stays_when_one_is_lifted_and_both_are_merged()
    {
        OnnxModelBuilder model = Build("MatMul x w m", "MatMul x a d", "MatMul d up u", "Add m u s", "MatMul x a2 d2", "MatMul d2 up2 u2", "Add s u2 y")
            .Weights("a2", [8, 3]).Weights("up2", [3, 6]);
        (Graph graph, BoundAdapter adapter) = Lifted(model.Read());
        Assert.Equal(["FullyConnected", "FullyConnected", "FullyConnected", "Add"], PassTests.Operators(graph));
        Check(model, graph, adapter);
        Assert.Equal(["FullyConnected"], PassTests.Operators(StandardPasses.Canonicalise(model.Read(), GraphLoraMode.Merge, new DiagnosticBag()).Graph));
    }

    [Theory]
    [InlineData("MatMul x w m", "MatMul x wide d", "MatMul d back u", "Add m u y")]
    [InlineData("MatMul x w m", "MatMul x a d", "Relu d r", "MatMul r up u", "Add m u y")]
    [InlineData("MatMul x w m", "Relu x r", "MatMul r a d", "MatMul d up u", "Add m u y")]
    public void What_is_no_low_rank_branch_stays_and_is_refused_where_one_is_asked_for(params string[] nodes)
    {
        Graph read = Build(nodes).Read();
        StandardPasses.Canonicalise(read, new DiagnosticBag());
        foreach (GraphLoraMode mode in new[] { GraphLoraMode.Merge, GraphLoraMode.Lift })
        {
            var error = Assert.Throws<DiagnosticException>(() => StandardPasses.Canonicalise(read, mode, new DiagnosticBag()));
            Assert.Equal("MCU0651", error.Diagnostic.Code);
        }
    }

    [Fact]
    public void Branches_that_run_as_written_are_noted()
    {
        var notes = new DiagnosticBag();
        StandardPasses.Canonicalise(Build("MatMul x w m", "MatMul x a d", "MatMul d up u", "Add m u y").Read(), notes);
        Assert.Contains(notes.Items, n => n.Code == "MCU0652");
    }

    /// <summary>A lifted adapter is bound after all passes, so it follows a flatten of an image into channels-last order.</summary>
    [Fact]
    public void A_branch_behind_a_flatten_follows_the_permuted_columns()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 3, 4, 4).Output("y").Weights("k", [2, 3, 1, 1]).Weights("w", [32, 6]).Weights("a", [32, 2]).Weights("up", [2, 6])
            .Node("Conv", "x k", "c").Node("Relu", "c", "r").Node("Flatten", "r", "f")
            .Node("Gemm", "f w", "m").Node("Gemm", "f a", "d").Node("Gemm", "d up", "u").Node("Add", "m u", "y");
        (Graph graph, BoundAdapter adapter) = Lifted(model.Read());
        Assert.Equal(32, graph["w"].Fold!.ColumnPermutation.Length);
        Check(model, graph, adapter);
    }

    /// <summary>Followed by a batch normalisation, whose factors the lifted B has to take.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 1)]
    public void A_branch_of_convolutions_beside_a_convolution_is_taken_out(int kernel, int padding)
    {
        (string, object)[] window = [("pads", new[] { padding, padding, padding, padding }), ("strides", new[] { 2, 1 })];
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 5, 6, 6).Output("y")
            .Weights("w", [8, 5, kernel, kernel]).Weights("a", [2, 5, kernel, kernel]).Weights("up", [8, 2, 1, 1]).Weights("scale", [], 0.5f)
            .Weights("gamma", [8]).Weights("beta", [8]).Weights("mean", [8]).Weights("var", [8], 1, 2, 3, 4, 5, 6, 7, 8)
            .Node("Conv", "x w", "m", window).Node("Conv", "x a", "d", window).Node("Conv", "d up", "u").Node("Mul", "u scale", "s").Node("Add", "m s", "t")
            .Node("BatchNormalization", "t gamma beta mean var", "y");
        (Graph graph, BoundAdapter adapter) = Lifted(model.Read());
        Assert.Single(graph.Nodes, n => n.Operator is Conv2D);
        Assert.Equal(new Shape(2, kernel, kernel, 5), Assert.IsType<LoraPatch>(Assert.Single(adapter.Patches)).A.Shape);
        Check(model, graph, adapter);
    }

    [Fact]
    public void A_branch_of_convolutions_of_another_window_stays()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 5, 6, 6).Output("y").Weights("w", [8, 5, 3, 3]).Weights("a", [2, 5, 1, 1]).Weights("up", [8, 2, 1, 1])
            .Node("Conv", "x w", "m", ("pads", new[] { 1, 1, 1, 1 })).Node("Conv", "x a", "d").Node("Conv", "d up", "u").Node("Add", "m u", "y");
        Assert.Throws<DiagnosticException>(() => StandardPasses.Canonicalise(model.Read(), GraphLoraMode.Lift, new DiagnosticBag()));
    }

    private static OnnxModelBuilder Build(params string[] nodes)
    {
        OnnxModelBuilder model = Layer();
        foreach (string[] words in nodes.Select(n => n.Split(' ')))
        {
            model.Node(words[0], string.Join(' ', words[1..^1]), words[^1]);
        }

        return model;
    }

    private static (Graph Graph, BoundAdapter Adapter) Lifted(Graph read)
    {
        CanonicalForm form = StandardPasses.Canonicalise(read, GraphLoraMode.Lift, new DiagnosticBag());
        return (form.Graph, AdapterBinder.Bind(form.Lifted!, form.Graph, null, new DiagnosticBag()));
    }

    /// <summary>Lifted and merged forms against ONNX Runtime on the file, the base alone on the file with B zeroed.</summary>
    private static void Check(OnnxModelBuilder model, Graph graph, BoundAdapter adapter)
    {
        Graph read = model.Read();
        Dictionary<string, TensorValue> inputs = SampleInputs.Create(read, 11);
        float[] expected = OnnxRuntimeExecutor.Run(model.Bytes(), inputs)["y"].Floats;
        AssertClose(expected, FloatReference.Run(FloatMerge.Apply(graph, adapter), inputs)["y"].Floats);
        AssertClose(expected, FloatReference.Run(StandardPasses.Canonicalise(read, GraphLoraMode.Merge, new DiagnosticBag()).Graph, inputs)["y"].Floats);

        ModelProto zeroed = model.Model.Clone();
        TensorProto up = zeroed.Graph.Initializer.Single(t => t.Name == "up");
        int count = up.FloatData.Count;
        up.FloatData.Clear();
        up.FloatData.AddRange(new float[count]);
        AssertClose(OnnxRuntimeExecutor.Run(zeroed.ToByteArray(), inputs)["y"].Floats, FloatReference.Run(graph, inputs)["y"].Floats);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        float tolerance = (1e-4f * expected.Max(Math.Abs)) + 1e-6f;
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
