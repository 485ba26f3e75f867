using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Verification;
using Mcu.Tests.Ingest.Tflite;
using Mcu.Tests.Int8;
using Mcu.Tests.Onnx;
using static Mcu.Tests.Ingest.Tflite.TinyTflite;

namespace Mcu.Tests.Operators;

/// <summary>Concatenation: by hand, against ONNX Runtime, as TensorFlow Lite stores and computes it, and as C.</summary>
public sealed class ConcatTests
{
    private const int ConcatenationCode = 2;
    private const byte ConcatenationOptions = 10;

    [Fact]
    public void Inputs_stand_one_after_the_other_along_the_axis()
    {
        Assert.Equal([1f, 2, 3, 4, 5, 6], RoomRunner.Run(new Concat(0), ([1, 2], [1, 2]), ([2, 2], [3, 4, 5, 6])));
        Assert.Equal([1f, 2, 5, 3, 4, 6], RoomRunner.Run(new Concat(1), ([2, 2], [1, 2, 3, 4]), ([2, 1], [5, 6])));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 2)]
    public void Other_dimensions_must_be_equal(int axis, int rank)
    {
        int[] a = rank == 1 ? [2] : [2, 3];
        int[] b = rank == 1 ? [2, 1] : [2, 4];

        DiagnosticException error = Assert.Throws<DiagnosticException>(() => OperatorCatalog.RoomOf(new Concat(axis)).Infer(RoomRunner.View(new Concat(axis), [a, b])));

        Assert.Equal(axis == 2 ? "MCU0628" : "MCU0627", error.Diagnostic.Code);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(2)]
    public void Onnx_runtime_gives_the_same(int axis)
    {
        OnnxModelBuilder model = new OnnxModelBuilder(13).Input("x", 1, 3, 4).Output("y").Weights("c", axis == 1 ? [1, 2, 4] : [1, 3, 2])
            .Node("Relu", "x", "r").Node("Concat", "c x r c", "y", ("axis", axis));
        Graph graph = model.Read();

        VerificationReport report = OnnxVerifier.Verify(model.Bytes(), graph, SampleInputs.Create(graph, 3));

        Assert.Contains(report.Tensors, t => t.Tensor == "y");
        Assert.All(report.Tensors, t => Assert.Equal(0, t.Difference));
    }

    [Fact]
    public void An_onnx_node_without_axis_or_with_unequal_inputs_is_refused()
    {
        OnnxModelBuilder tokens() => new OnnxModelBuilder(13).Input("x", 1, 3, 4).Output("y").Weights("c", [1, 2, 5]);
        tokens().Node("Concat", "x c", "y").Refused("MCU0317");
        tokens().Node("Concat", "x c", "y", ("axis", 3)).Refused("MCU0317");
        tokens().Node("Concat", "x c", "y", ("axis", 1)).Refused("MCU0627");
        tokens().Node("Concat", "x c", "y", ("axis", 1), ("invented", 1)).Refused("MCU0318");
    }

    /// <summary>Images in the file's order run in the kernels' order: the axis moves along, a constant is turned at build time.</summary>
    [Fact]
    public void Channels_of_an_image_are_joined_in_the_kernels_order()
    {
        OnnxModelBuilder model = new OnnxModelBuilder(13).Input("x", 1, 2, 4, 5).Output("y").Weights("w", [3, 2, 1, 1]).Weights("v", [2, 6, 1, 1]).Weights("c", [1, 1, 4, 5])
            .Node("Conv", "x w", "a").Node("Concat", "a x c", "b", ("axis", 1)).Node("Conv", "b v", "y");
        Graph graph = Generator.Passes.StandardPasses.Canonicalise(model.Read(), new DiagnosticBag());

        VerificationReport report = OnnxVerifier.Verify(model.Bytes(), graph, SampleInputs.Create(graph, 5));

        Assert.Equal(new Concat(3), graph.Nodes.Single(n => n.Operator is Concat).Operator);
        Assert.Single(graph.Nodes, n => n.Operator is Transpose && n.Inputs[0] == "x");
        Assert.All(report.Tensors, t => Assert.True(t.Passed, t.Tensor));
    }

    [Fact]
    public void Tensorflow_lite_stores_axis_and_no_activation()
    {
        TfliteSpec file(int axis, byte activation) =>
            Single(ConcatenationCode, new OptionsSpec(ConcatenationOptions, axis, activation), Floats("a", 1, 2, 3), Constant("b", [1, 2, 1], 7, 8), Floats("y", 1, 2, 4));
        Graph graph = Read(file(-1, 0));

        Dictionary<string, TensorValue> values = FloatReference.Run(graph, new Dictionary<string, TensorValue> { ["a"] = new TensorValue(new Shape(1, 2, 3), [1f, 2, 3, 4, 5, 6]) });

        Assert.Equal(new Concat(2), graph.Nodes[0].Operator);
        Assert.Equal([1f, 2, 3, 7, 4, 5, 6, 8], values["y"].Floats);
        Assert.Equal("MCU0210", Assert.Throws<DiagnosticException>(() => Read(file(2, 1))).Diagnostic.Code);
        Assert.Equal("MCU0225", Assert.Throws<DiagnosticException>(() => Read(file(3, 0))).Diagnostic.Code);
    }

    /// <summary>One scale: bytes are copied, as TensorFlow Lite does. Another scale: 0.5·(q − 10) in steps of 0.25 from −20, halves away from zero.</summary>
    [Fact]
    public void Int8_copies_bytes_of_equal_scale_and_requantises_others()
    {
        var y = new Quantization(0.25f, -20);
        Graph graph = Pair(y, new Quantization(0.5f, 10), y);
        var input = new TensorValue(new Shape(1, 2), new sbyte[] { 5, -128 });

        sbyte[] output = Int8Reference.Run(Int8Model.Prepare(graph), input).Int8;

        Assert.Equal([5, -128, -20, -18, 127, -128], output);
    }

    [Fact]
    public void Scales_that_are_too_far_apart_are_refused()
    {
        var y = new Quantization(1e-7f, 0);

        DiagnosticException error = Assert.Throws<DiagnosticException>(() => Int8Model.Prepare(Pair(y, new Quantization(1, 0), y)));

        Assert.Equal("MCU0724", error.Diagnostic.Code);
    }

    /// <summary>x [1,2] and a constant [1,4] whose real values are 0, 0.5, 30 (beyond the output's range) and below it.</summary>
    private static Graph Pair(Quantization x, Quantization constant, Quantization y)
    {
        var tensors = new Dictionary<string, Tensor>
        {
            ["x"] = new("x", DataType.Int8, new Shape(1, 2)) { Quantization = x },
            ["c"] = new("c", DataType.Int8, new Shape(1, 4)) { Quantization = constant, Data = new Int8Data([10, 11, 127, -128]) },
            ["y"] = new("y", DataType.Int8, new Shape(1, 6)) { Quantization = y },
        };
        return GraphValidator.Validate(new Graph(
            new ModelSource("pair", SourceFormat.Tflite, ""),
            [new Node("n", new Concat(1), ["x", "c"], ["y"])],
            System.Collections.Immutable.ImmutableDictionary.CreateRange(tensors),
            ["x"],
            ["y"]));
    }

    [Fact]
    public async Task Random_concatenations_equal_the_reference_in_C_and_in_managed_code()
    {
        for (int seed = 0; seed < 4; seed++)
        {
            var random = new Random(seed);
            var builder = new Int8GraphBuilder(random, new Shape(1, random.Next(1, 6), random.Next(1, 9)));
            Tensor start = builder.Last;
            builder.Connected(start.Shape[2], keepDims: true).Join(start, random.Next(1, 3), 0.5f + random.NextSingle());
            builder.Join(builder.Last, random.Next(0, 3), 1).Transpose(0, 2, 1).JoinConstant(3, random.Next(2) == 0 ? 1 : 0.7f);
            Int8Model model = Int8Model.Prepare(builder.Build());
            byte[] inputs = new byte[5 * (int)start.Shape.Elements];
            random.NextBytes(inputs);
            CancellationToken token = TestContext.Current.CancellationToken;

            byte[] expected = (await new global::Mcu.Emulation.Evaluation.ReferenceRunner(model).RunAsync(inputs, 0, token)).Outputs;
            byte[] actual = (await (await EndToEnd.Firmware.RunnerAsync(model, "host")).RunAsync(inputs, 0, token)).Outputs;

            Assert.True(expected.AsSpan().SequenceEqual(actual), $"seed {seed}");
            NanoFramework.Managed managed = NanoFramework.Managed.Of(model, "joined");
            sbyte[] first = [.. inputs.Take((int)start.Shape.Elements).Select(b => unchecked((sbyte)b))];
            Assert.Equal(expected.Take(expected.Length / 5).Select(b => unchecked((sbyte)b)), managed.Network.Run(first));
            Assert.Empty(global::Mcu.Emulation.Managed.IlChecker.Check(managed.Assembly));
        }
    }

    private static Graph Read(TfliteSpec spec) => Generator.Ingest.Tflite.TfliteReader.Read(TfliteWriter.Write(spec), "t.tflite", new DiagnosticBag());
}
