using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;
using Mcu.Tests.Onnx;

namespace Mcu.Tests.Passes;

/// <summary>
/// Each pass on a small graph: the form it leaves, and that the network still computes what ONNX Runtime computes from
/// the file.
/// </summary>
public class PassTests
{
    [Fact]
    public void An_NHWC_input_transpose_cancels_with_the_convolution()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 6, 5, 3).Output("y").Weights("c.weight", [4, 3, 3, 3]).Weights("c.bias", [4])
            .Node("Transpose", "x", "t", ("perm", new[] { 0, 3, 1, 2 }))
            .Node("Conv", "t c.weight c.bias", "c", ("pads", new[] { 1, 1, 1, 1 }), ("strides", new[] { 2, 1 }))
            .Node("Relu", "c", "r")
            .Node("Transpose", "r", "y", ("perm", new[] { 0, 2, 3, 1 }));
        Graph graph = Canonical(model);
        Node node = Assert.Single(graph.Nodes);
        Assert.Equal(FusedActivation.Relu, Assert.IsType<Conv2D>(node.Operator).Activation);
        Assert.Equal(["x", "c.weight", "c.bias"], node.Inputs);
        Assert.Equal("y", node.Output);
        Assert.Equal(new Shape(4, 3, 3, 3), graph["c.weight"].Shape);
    }

    [Fact]
    public void A_channels_first_input_is_transposed_once_and_so_is_the_output()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 3, 6, 5).Output("y").Weights("a", [4, 3, 1, 1]).Weights("b", [2, 4, 3, 3])
            .Node("Conv", "x a", "m").Node("Clip", "m low high", "n").Node("Conv", "n b", "y")
            .Weights("low", [], -0.5f).Weights("high", [], 0.5f);
        Graph graph = Canonical(model);
        Assert.Equal(["Transpose", "Conv2D", "Conv2D", "Transpose"], Operators(graph));
        Assert.Equal(new FusedActivation(-0.5f, 0.5f), ((Conv2D)graph.Nodes[1].Operator).Activation);
        Assert.Equal(new Shape(1, 2, 4, 3), graph["y"].Shape);
    }

    [Fact]
    public void A_single_channel_input_needs_no_transpose()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 1, 6, 5).Output("y").Weights("a", [4, 1, 3, 3])
            .Node("Conv", "x a", "m").Node("GlobalAveragePool", "m", "p").Node("Flatten", "p", "y");
        Assert.Equal(["Reshape", "Conv2D", "AveragePool2D", "Reshape"], Operators(Canonical(model)));
    }

    [Fact]
    public void A_flatten_of_an_image_permutes_the_columns_of_the_fully_connected_weights()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 4, 3, 2).Output("y").Weights("a", [5, 2, 1, 1]).Weights("fc.weight", [7, 60]).Weights("fc.bias", [7])
            .Node("Transpose", "x", "t", ("perm", new[] { 0, 3, 1, 2 }))
            .Node("Conv", "t a", "m").Node("Relu", "m", "r").Node("Flatten", "r", "f")
            .Node("Gemm", "f fc.weight fc.bias", "y", ("transB", 1));
        Graph read = model.Read();
        Graph graph = Canonical(model);
        Assert.Equal(["Conv2D", "Reshape", "FullyConnected"], Operators(graph));
        int[] columns = graph["fc.weight"].Fold!.ColumnPermutation.ToArray();
        Assert.Equal(Enumerable.Range(0, 60), columns.Order());

        // Channel-last position (row 0, column 0, channel 1) is channel-first element 12.
        Assert.Equal(12, columns[1]);
        Assert.Equal(read["fc.weight"].Floats()[12], graph["fc.weight"].Floats()[1]);
    }

    [Fact]
    public void Grouped_convolutions_by_channel_become_depthwise()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 4, 6, 6).Output("y").Weights("d", [8, 1, 3, 3]).Weights("g", [6, 4, 1, 1])
            .Node("Conv", "x d", "m", ("group", 4)).Node("Conv", "m g", "y", ("group", 2));
        var notes = new DiagnosticBag();
        Graph graph = Canonical(model, notes);
        Assert.Equal(["Transpose", "DepthwiseConv2D", "Conv2D", "Transpose"], Operators(graph));
        Assert.Equal(2, ((DepthwiseConv2D)graph.Nodes[1].Operator).Multiplier);
        Assert.Equal(new Shape(1, 3, 3, 8), graph["d"].Shape);

        // Outputs 0 to 2 read channels 0 to 3 of the first group, the others channels 4 to 7.
        Assert.Equal(1, ((Conv2D)graph.Nodes[2].Operator).Groups);
        Assert.Equal(new Shape(6, 1, 1, 8), graph["g"].Shape);
        Assert.Equal(model.Read()["g"].Floats(), graph["g"].Floats().Where((_, i) => i % 8 / 4 == i / 24));
        Assert.All(graph["g"].Floats().Where((_, i) => i % 8 / 4 != i / 24), w => Assert.Equal(0, w));
        Assert.Contains("48 bytes of int8 weights instead of 24", Assert.Single(notes.Items, n => n.Code == "MCU0660").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Batch_normalisation_is_folded_and_the_fold_is_recorded()
    {
        OnnxModelBuilder model = WithBatchNormalisation(new OnnxModelBuilder().Input("x", 1, 3, 4, 4).Output("y").Weights("c.weight", [2, 3, 3, 3]).Weights("c.bias", [2])
            .Node("Conv", "x c.weight c.bias", "m"), 2)
            .Node("BatchNormalization", "m s b mean var", "n", ("epsilon", 0.01f)).Node("Relu", "n", "y");
        var notes = new DiagnosticBag();
        Graph graph = Canonical(model, notes);
        Assert.Equal(["Transpose", "Conv2D", "Transpose"], Operators(graph));
        Assert.Contains(notes.Items, n => n.Code == "MCU0650");
        Graph read = model.Read();
        WeightFold fold = graph["c.weight"].Fold!;
        for (int o = 0; o < 2; o++)
        {
            Assert.Equal(graph["c.weight"].Floats()[o * 27], fold.RowScale[o] * read["c.weight"].Floats()[o * 27], 1e-6);
            Assert.Equal(graph["c.bias"].Floats()[o], (fold.RowScale[o] * read["c.bias"].Floats()[o]) + fold.BiasOffset[o], 1e-6);
        }
    }

    [Fact]
    public void Batch_normalisation_gives_a_layer_without_bias_its_own()
    {
        OnnxModelBuilder model = WithBatchNormalisation(new OnnxModelBuilder().Input("x", 1, 3).Output("y").Weights("w", [4, 3])
            .Node("Gemm", "x w", "m", ("transB", 1)), 4).Node("BatchNormalization", "m s b mean var", "y");
        Graph graph = Canonical(model);
        Assert.Equal(["x", "w", "b"], Assert.Single(graph.Nodes).Inputs);
    }

    [Fact]
    public void Batch_normalisation_without_a_layer_before_it_becomes_a_depthwise_convolution()
    {
        OnnxModelBuilder model = WithBatchNormalisation(new OnnxModelBuilder().Input("x", 1, 3, 4, 4).Output("y"), 3)
            .Node("BatchNormalization", "x s b mean var", "n").Node("Relu", "n", "y");
        Assert.Equal(["Transpose", "DepthwiseConv2D", "Transpose"], Operators(Canonical(model)));
        OnnxModelBuilder flat = WithBatchNormalisation(new OnnxModelBuilder().Input("x", 1, 3).Output("y"), 3)
            .Node("BatchNormalization", "x s b mean var", "y");
        Assert.Equal(["Reshape", "DepthwiseConv2D", "Reshape"], Operators(Canonical(flat)));
    }

    [Fact]
    public void Padding_moves_into_convolutions_and_out_of_average_pools_that_count_it()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2, 5, 5).Output("y").Weights("w", [3, 2, 3, 3]).Integers("p", 0, 0, 1, 0, 0, 0, 0, 2)
            .Node("Pad", "x p", "q").Node("Conv", "q w", "c")
            .Node("AveragePool", "c", "y", ("kernel_shape", new[] { 2, 2 }), ("pads", new[] { 1, 0, 0, 1 }), ("count_include_pad", 1));
        Graph graph = Canonical(model);
        Assert.Equal(["Transpose", "Conv2D", "Pad", "AveragePool2D", "Transpose"], Operators(graph));
        Assert.Equal(new Padding2D(1, 0, 0, 2), ((Conv2D)graph.Nodes[1].Operator).Window.Padding);
        Assert.False(((AveragePool2D)graph.Nodes[3].Operator).CountIncludePad);
    }

    [Fact]
    public void Padding_with_another_value_stays()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2, 5, 5).Output("y").Weights("w", [3, 2, 3, 3]).Weights("v", [], 0.5f).Integers("p", 0, 0, 1, 1, 0, 0, 1, 1)
            .Node("Pad", "x p v", "q").Node("Conv", "q w", "y");
        Assert.Contains("Pad", Operators(Canonical(model)));
    }

    [Theory]
    [InlineData(1f, 1f, 0, "w c")]
    [InlineData(0.5f, 2f, 1, "w c")]
    [InlineData(1f, 0f, 1, "w c")]
    [InlineData(2f, 1f, 0, "w s")]
    [InlineData(1f, 1f, 1, "w m")]
    public void Gemm_becomes_fully_connected(float alpha, float beta, int transB, string parameters)
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 2, 3).Output("y")
            .Weights("w", transB == 1 ? [4, 3] : [3, 4]).Weights("c", [4]).Weights("s", [], 0.7f).Weights("m", [2, 4])
            .Node("Gemm", "x " + parameters, "y", ("alpha", alpha), ("beta", beta), ("transB", transB));
        Graph graph = Canonical(model);
        Assert.IsType<FullyConnected>(graph.Nodes[0].Operator);
        Assert.Equal(parameters == "w m" ? 2 : 1, graph.Nodes.Length);
        Assert.Equal("w", graph.Nodes[0].Inputs[1]);
        Assert.Equal(new Shape(4, 3), graph["w"].Shape);
    }

    [Fact]
    public void MatMul_and_a_bias_become_fully_connected()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 5, 3).Output("y").Weights("w", [4, 3]).Weights("b", [4])
            .Node("Transpose", "w", "wt").Node("MatMul", "x wt", "m").Node("Add", "b m", "a").Node("Relu", "a", "y");
        Graph graph = Canonical(model);
        Node node = Assert.Single(graph.Nodes);
        Assert.Equal(["x", "w", "b"], node.Inputs);
        Assert.Equal(new FullyConnected(FusedActivation.Relu, KeepDims: true), node.Operator);
    }

    [Fact]
    public void An_addition_after_a_convolution_becomes_its_bias()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2, 5, 5).Output("y").Weights("w", [3, 2, 3, 3]).Weights("b", [1, 3, 1, 1])
            .Node("Conv", "x w", "c").Node("Add", "c b", "y");
        Graph graph = Canonical(model);
        Assert.Equal(["Transpose", "Conv2D", "Transpose"], Operators(graph));
        Assert.Equal(new Shape(3), graph["b"].Shape);
    }

    [Fact]
    public void A_clamp_stays_where_its_input_is_needed_elsewhere()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2).Output("y").Weights("w", [2, 2])
            .Node("Gemm", "x w", "g").Node("Relu", "g", "r").Node("Add", "r g", "y");
        Assert.Equal(["FullyConnected", "Clamp", "Add"], Operators(Canonical(model)));
    }

    [Fact]
    public void Clamps_in_a_row_become_one()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2).Output("y").Weights("low", [], -0.25f).Weights("high", [], 0.75f)
            .Node("Relu", "x", "a").Node("Clip", "a low high", "b").Node("Relu", "b", "c").Node("Relu", "c", "y");
        Assert.Equal(new Clamp(new FusedActivation(0, 0.75f)), Assert.Single(Canonical(model).Nodes).Operator);
    }

    [Fact]
    public void Constant_nodes_are_computed_and_dead_ones_removed()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2).Output("y").Weights("a", [2]).Weights("b", [1])
            .Node("Add", "a b", "c").Node("Relu", "c", "d").Node("Add", "x d", "y").Node("Relu", "x", "unused");
        Graph graph = Canonical(model);
        Assert.Equal("Add", Assert.Single(Operators(graph)));
        Assert.DoesNotContain("a", graph.Tensors.Keys);
    }

    [Fact]
    public void Identities_disappear_also_before_the_output()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2).Output("y")
            .Node("Identity", "x", "a").Node("Dropout", "a", "b").Node("Softmax", "b", "c").Node("Identity", "c", "d").Node("Identity", "d", "y");
        Graph graph = Canonical(model);
        Node node = Assert.Single(graph.Nodes);
        Assert.Equal("y", node.Output);
        Assert.Equal("x", node.Inputs[0]);
    }

    [Fact]
    public void A_graph_of_identities_alone_keeps_one()
    {
        Graph graph = Canonical(new OnnxModelBuilder().Input("x", 1, 2).Output("y").Node("Identity", "x", "a").Node("Identity", "a", "y"));
        Assert.Equal("Identity", Assert.Single(Operators(graph)));
    }

    [Fact]
    public void A_mean_over_the_image_becomes_an_average_pool()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2, 5, 5).Output("y").Weights("w", [3, 2, 3, 3])
            .Node("Conv", "x w", "c").Node("ReduceMean", "c", "y", ("axes", new[] { 2, 3 }), ("keepdims", 0));
        Assert.Equal(["Transpose", "Conv2D", "AveragePool2D", "Reshape"], Operators(Canonical(model)));
    }

    [Fact]
    public void One_dimensional_convolutions_chain_without_transposes_between()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 3, 12).Output("y").Weights("a", [4, 3, 3]).Weights("b", [5, 4, 3])
            .Node("Conv", "x a", "c", ("strides", new[] { 2 })).Node("Relu", "c", "r").Node("Conv", "r b", "d").Node("MaxPool", "d", "y", ("kernel_shape", new[] { 2 }));
        string[] operators = Operators(Canonical(model));
        Assert.Equal(2, operators.Count(o => o == "Transpose"));
        Assert.DoesNotContain("Clamp", operators);
    }

    [Theory]
    [InlineData("Softmax", "axis", 1)]
    [InlineData("Softmax", "axis", 3)]
    public void Operators_along_axes_follow_the_layout(string op, string attribute, int axis)
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2, 5, 4).Output("y").Weights("w", [3, 2, 3, 3]).Weights("v", [4, 3, 1, 1])
            .Node("Conv", "x w", "c").Node(op, "c", "s", (attribute, axis)).Node("Conv", "s v", "y");
        Assert.Equal(["Transpose", "Conv2D", op, "Conv2D", "Transpose"], Operators(Canonical(model)));
    }

    [Fact]
    public void Residual_additions_run_in_NHWC()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 3, 6, 6).Output("y").Weights("w", [3, 3, 3, 3]).Weights("k", [3, 1, 6])
            .Node("Conv", "x w", "c", ("pads", new[] { 1, 1, 1, 1 })).Node("Relu", "c", "r").Node("Add", "x r", "s").Node("Add", "k s", "t").Node("Conv", "t w", "y");
        Graph graph = Canonical(model);
        Assert.Equal(["Transpose", "Conv2D", "Add", "Add", "Conv2D", "Transpose"], Operators(graph));
    }

    [Fact]
    public void Weights_that_two_layouts_share_keep_both_forms()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 3, 3, 3).Output("y", "z").Weights("w", [3, 3, 3, 3])
            .Node("Conv", "x w", "c").Node("Add", "w x", "y").Node("Relu", "c", "z");
        Canonical(model);
    }

    [Fact]
    public void An_unknown_order_is_put_back_for_operators_that_need_it()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 3, 4, 4).Output("y").Weights("w", [4, 3, 1, 1]).Weights("m", [4, 2]).Integers("s", 2, 2, -1)
            .Node("Conv", "x w", "c").Node("MatMul", "c m", "p").Node("Reshape", "p s", "q").Node("Transpose", "q", "y", ("perm", new[] { 2, 0, 1 }));
        Canonical(model);
    }

    [Fact]
    public void An_int8_graph_keeps_clamps_that_requantise()
    {
        var source = new ModelSource("t", SourceFormat.Tflite, "");
        var tensors = new[]
        {
            new Tensor("x", DataType.Int8, new Shape(1, 4)) { Quantization = new Quantization(0.5f, 0) },
            new Tensor("a", DataType.Int8, new Shape(1, 4)) { Quantization = new Quantization(0.5f, 0) },
            new Tensor("y", DataType.Int8, new Shape(1, 4)) { Quantization = new Quantization(0.25f, -128) },
        };
        var graph = new Graph(
            source,
            [new Node("i", new Reshape(new Shape(1, 4)), ["x"], ["a"]), new Node("r", new Clamp(FusedActivation.Relu), ["a"], ["y"])],
            System.Collections.Immutable.ImmutableDictionary.CreateRange(StringComparer.Ordinal, tensors.Select(t => KeyValuePair.Create(t.Name, t))),
            ["x"],
            ["y"]);
        Graph result = StandardPasses.Canonicalise(GraphValidator.Validate(graph), new DiagnosticBag());
        Assert.Equal("Clamp", Assert.Single(Operators(result)));
    }

    [Fact]
    public void A_dump_names_the_passes_that_changed_the_graph()
    {
        var names = new List<string>();
        Graph graph = new OnnxModelBuilder().Input("x", 1, 2).Output("y").Node("Relu", "x", "a").Node("Relu", "a", "y").Read();
        Graph result = StandardPasses.Canonicalise(graph, new DiagnosticBag(), (name, _) => names.Add(name));
        Assert.Equal(["FoldActivation"], names);
        Assert.Contains("y:Float32[1x2] = Clamp", GraphDump.Text(result), StringComparison.Ordinal);
    }

    private static OnnxModelBuilder WithBatchNormalisation(OnnxModelBuilder model, long channels) => model
        .Weights("s", [channels], [.. Enumerable.Range(1, (int)channels).Select(i => 0.5f * i)])
        .Weights("b", [channels])
        .Weights("mean", [channels])
        .Weights("var", [channels], [.. Enumerable.Range(1, (int)channels).Select(i => 0.3f * i)]);

    internal static string[] Operators(Graph graph) => [.. graph.Nodes.Select(n => n.Operator.GetType().Name)];

    /// <summary>The canonical graph, after both forms agreed with ONNX Runtime on every tensor that has a source.</summary>
    internal static Graph Canonical(OnnxModelBuilder model, DiagnosticBag? notes = null)
    {
        Graph read = model.Read();
        Graph canonical = StandardPasses.Canonicalise(read, notes ?? new DiagnosticBag());
        Dictionary<string, TensorValue> inputs = SampleInputs.Create(read, 7);
        foreach (Graph graph in new[] { read, canonical })
        {
            VerificationReport report = OnnxVerifier.Verify(model.Bytes(), graph, inputs);
            Assert.True(report.Passed, GraphDump.Text(graph) + string.Join("\n", report.Failures));
            Assert.Superset(graph.Outputs.ToHashSet(), report.Tensors.Select(t => t.Tensor).ToHashSet());
        }

        return canonical;
    }
}
