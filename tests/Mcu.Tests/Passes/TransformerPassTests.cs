using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Passes;
using Mcu.Tests.Onnx;
using static Mcu.Tests.Passes.PassTests;

namespace Mcu.Tests.Passes;

/// <summary>Passes for transformers on small graphs; the canonical form is compared with ONNX Runtime in every test.</summary>
public class TransformerPassTests
{
    private static OnnxModelBuilder Tokens(int opset = 13) =>
        new OnnxModelBuilder(opset).Input("x", 1, 5, 6).Output("y")
            .Weights("gamma", [6]).Weights("beta", [6]).Weights("eps", [], 1e-3f).Weights("two", [], 2).Weights("half", [], 0.5f).Weights("minushalf", [], -0.5f)
            .Weights("one", [], 1).Weights("root2", [], 1.4142135f).Weights("rroot2", [], 0.70710677f).Weights("w", [6, 6]).Weights("v", [6, 6]).Weights("b", [6]);

    private static OnnxModelBuilder Mean(OnnxModelBuilder model, string x, string y) => model.Node("ReduceMean", x, y, ("axes", new[] { -1 }));

    [Theory]
    [InlineData("Pow d two", "Sqrt ve", "Div d s", "Mul n gamma", "Add g beta")]
    [InlineData("Mul d d", "Pow ve half", "Div d s", "Mul gamma n", "Add beta g")]
    [InlineData("Pow d two", "Pow ve minushalf", "Mul s d", "Mul n gamma", "Add g beta")]
    [InlineData("Mul d d", "Pow ve minushalf", "Mul d s", "Mul n gamma", "Add g beta")]
    public void A_decomposed_layer_normalization_becomes_one_node(params string[] parts)
    {
        OnnxModelBuilder model = Mean(Tokens(), "x", "m").Node("Sub", "x m", "d");
        Node(model, parts[0], "q");
        Mean(model, "q", "var").Node("Add", "var eps", "ve");
        Node(model, parts[1], "s");
        Node(model, parts[2], "n");
        Node(model, parts[3], "g");
        Node(model, parts[4], "y");

        Graph graph = Canonical(model);

        Node node = Assert.Single(graph.Nodes);
        Assert.Equal(new LayerNormalization(2, 1e-3f), node.Operator);
        Assert.Equal(["x", "gamma", "beta"], node.Inputs);
    }

    [Fact]
    public void A_layer_normalization_may_use_two_differences_a_reciprocal_and_no_parameters()
    {
        OnnxModelBuilder model = Mean(Tokens(), "x", "m").Node("Sub", "x m", "d").Node("Sub", "x m", "e").Node("Pow", "e two", "q");
        Mean(model, "q", "var").Node("Add", "eps var", "ve").Node("Sqrt", "ve", "s").Node("Div", "one s", "r").Node("Mul", "d r", "y");

        Node node = Assert.Single(Canonical(model).Nodes);

        Assert.Equal(2, node.Inputs.Length);
    }

    [Fact]
    public void A_part_that_is_read_elsewhere_or_another_axis_keeps_the_parts()
    {
        OnnxModelBuilder seen = Mean(Tokens(), "x", "m").Node("Sub", "x m", "d").Node("Pow", "d two", "q");
        Mean(seen, "q", "var").Node("Add", "var eps", "ve").Node("Sqrt", "ve", "s").Node("Div", "d s", "y");
        Assert.Single(Canonical(seen).Nodes);
        seen.Output("var");
        Assert.Contains("Sqrt", PassTests.Operators(Canonical(seen)));

        OnnxModelBuilder rows = Tokens().Node("ReduceMean", "x", "m", ("axes", new[] { 1 })).Node("Sub", "x m", "d").Node("Pow", "d two", "q")
            .Node("ReduceMean", "q", "var", ("axes", new[] { 1 })).Node("Add", "var eps", "ve").Node("Sqrt", "ve", "s").Node("Div", "d s", "y");
        Assert.Contains("Sqrt", PassTests.Operators(Canonical(rows)));
    }

    [Theory]
    [InlineData("Div x root2", "Mul x a", "Mul p half")]
    [InlineData("Div x root2", "Mul a x", "Div p two")]
    [InlineData("Mul x rroot2", "Mul a half", "Mul x p")]
    [InlineData("Mul rroot2 x", "Mul x half", "Mul p a")]
    [InlineData("Div x root2", "Div x two", "Mul a p")]
    public void A_decomposed_gelu_becomes_one_node(string scaled, string product, string last)
    {
        OnnxModelBuilder model = Tokens();
        Node(model, scaled, "u");
        model.Node("Erf", "u", "e").Node("Add", "e one", "a");
        Node(model, product, "p");
        Node(model, last, "y");

        Node node = Assert.Single(Canonical(model).Nodes);

        Assert.Equal(new Gelu(false), node.Operator);
    }

    [Fact]
    public void A_gelu_with_another_constant_stays_in_parts()
    {
        OnnxModelBuilder model = Tokens().Node("Div", "x two", "u").Node("Erf", "u", "e").Node("Add", "e one", "a").Node("Mul", "x a", "p").Node("Mul", "p half", "y");
        Assert.Contains("Erf", PassTests.Operators(Canonical(model)));
    }

    [Fact]
    public void Gelu_of_the_runtimes_own_domain_is_read()
    {
        OnnxModelBuilder model = Tokens().Microsoft("Gelu", "x", "g").Microsoft("FastGelu", "g b", "h").Microsoft("FastGelu", "h", "y");
        Assert.Equal(["Gelu", "Add", "Gelu", "Gelu"], PassTests.Operators(Canonical(model)));
    }

    [Fact]
    public void A_factor_before_a_softmax_becomes_its_beta()
    {
        OnnxModelBuilder model = Tokens().Node("Div", "x two", "h").Node("Softmax", "h", "y", ("axis", -1));
        Assert.Equal(new Softmax(2, 0.5f), Assert.Single(Canonical(model).Nodes).Operator);
    }

    [Fact]
    public void Factors_behind_a_layer_go_into_its_weights_also_through_reshapes_and_transposes()
    {
        OnnxModelBuilder model = Tokens().Integers("heads", 1, 5, 2, 3)
            .Node("MatMul", "x w", "m").Node("Add", "m b", "a").Node("Reshape", "a heads", "r").Node("Transpose", "r", "t", ("perm", new[] { 0, 2, 1, 3 })).Node("Mul", "t half", "y");
        Graph graph = Canonical(model);
        Assert.Equal(["FullyConnected", "Reshape", "Transpose"], PassTests.Operators(graph));
        Assert.All(graph["w"].Fold!.RowScale, f => Assert.Equal(0.5f, f));

        OnnxModelBuilder each = Tokens().Node("MatMul", "x w", "m").Node("Mul", "gamma m", "y");
        Assert.Equal(["FullyConnected"], PassTests.Operators(Canonical(each)));
    }

    [Fact]
    public void A_negative_or_shared_factor_is_not_lost()
    {
        OnnxModelBuilder negative = Tokens().Node("Mul", "x minushalf", "h").Node("Softmax", "h", "y", ("axis", -1));
        Assert.Equal(["Mul", "Softmax"], PassTests.Operators(Canonical(negative)));
        OnnxModelBuilder shared = Tokens().Node("MatMul", "x w", "m").Node("Mul", "m half", "h").Node("Add", "m h", "y");
        Assert.Equal(["FullyConnected", "Mul", "Add"], PassTests.Operators(Canonical(shared)));
    }

    [Fact]
    public void A_bias_that_is_written_once_per_token_or_behind_a_sum_goes_into_the_layer()
    {
        float[] row = [1, -2, 3, 0.5f, 0, 7];
        OnnxModelBuilder repeated = Tokens().Weights("rows", [1, 5, 6], [.. Enumerable.Repeat(row, 5).SelectMany(r => r)]).Node("MatMul", "x w", "m").Node("Add", "rows m", "y");
        Graph graph = Canonical(repeated);
        Assert.Equal(["FullyConnected"], PassTests.Operators(graph));
        Assert.Equal(row, graph["rows"].Floats());

        OnnxModelBuilder behind = Tokens().Node("MatMul", "x w", "m").Node("Add", "m x", "s").Node("Add", "s b", "y");
        Assert.Equal(["FullyConnected", "Add"], PassTests.Operators(Canonical(behind)));

        OnnxModelBuilder positions = Tokens().Weights("rows", [1, 5, 6]).Node("MatMul", "x w", "m").Node("Add", "rows m", "y");
        Assert.Equal(["FullyConnected", "Add"], PassTests.Operators(Canonical(positions)));
    }

    [Theory]
    [InlineData(new[] { 0, 1, 3, 2 }, "BatchMatMul", true)]
    [InlineData(new[] { 0, 2, 3, 1 }, "Transpose BatchMatMul", true)]
    [InlineData(new[] { 0, 2, 1, 3 }, "Transpose BatchMatMul", true)]
    public void A_transpose_before_a_batch_product_becomes_its_flag_or_turns_the_inner_dimension_last(int[] permutation, string operators, bool transposeY)
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 4, 4, 4).Input("k", 1, 4, 4, 4).Output("y")
            .Node("Transpose", "k", "t", ("perm", permutation)).Node("MatMul", "x t", "y");
        Graph graph = Canonical(model);
        Assert.Equal(operators.Split(' '), PassTests.Operators(graph));
        Assert.Equal(new BatchMatMul(false, transposeY), graph.Nodes[^1].Operator);
    }

    [Fact]
    public void Image_to_tokens_moves_no_data()
    {
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 4, 6, 2).Output("y").Weights("k", [6, 2, 3, 3]).Weights("positions", [1, 24, 6]).Integers("flat", 0, 6, -1)
            .Node("Transpose", "x", "n", ("perm", new[] { 0, 3, 1, 2 }))
            .Node("Conv", "n k", "c", ("pads", new[] { 1, 1, 1, 1 })).Node("Relu", "c", "r").Node("MaxPool", "r", "p", ("kernel_shape", new[] { 3, 3 }), ("pads", new[] { 1, 1, 1, 1 }))
            .Node("Reshape", "p flat", "f").Node("Transpose", "f", "t", ("perm", new[] { 0, 2, 1 })).Node("Add", "t positions", "y");
        Assert.Equal(["Conv2D", "MaxPool2D", "Reshape", "Add"], PassTests.Operators(Canonical(model)));
    }

    [Fact]
    public void Tokens_that_interleave_axes_are_put_in_order()
    {
        // Height stays outside, channels and width are joined: no reshape of the base can give that.
        OnnxModelBuilder model = new OnnxModelBuilder().Input("x", 1, 2, 6, 4).Output("y").Weights("k", [3, 2, 1, 1]).Integers("mixed", 1, 9, 8)
            .Node("Conv", "x k", "c").Node("Reshape", "c mixed", "f").Node("Transpose", "f", "y", ("perm", new[] { 0, 2, 1 }));
        Canonical(model);
    }

    [Fact]
    public void A_softmax_over_a_squeezed_axis_stays_on_the_last_axis()
    {
        OnnxModelBuilder model = Tokens().Weights("pool", [6, 1])
            .Node("MatMul", "x pool", "m").Node("Transpose", "m", "t", ("perm", new[] { 0, 2, 1 })).Node("Softmax", "t", "s", ("axis", 2)).Node("MatMul", "s x", "y");
        Graph graph = Canonical(model);
        Assert.Equal(["FullyConnected", "Reshape", "Softmax", "BatchMatMul"], PassTests.Operators(graph));
        Assert.Equal(2, ((Softmax)graph.Nodes[2].Operator).Axis);
    }

    /// <summary>A node given as operator and inputs.</summary>
    private static void Node(OnnxModelBuilder model, string text, string output)
    {
        string[] words = text.Split(' ', 2);
        model.Node(words[0], words[1], output);
    }
}
