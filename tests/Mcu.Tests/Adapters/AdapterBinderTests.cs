using System.Text;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Tests.Adapters;

public class AdapterBinderTests
{
    private readonly Graph graph = AdapterCases.Graph();
    private readonly DiagnosticBag notes = new();

    [Theory]
    [InlineData("body.conv", "/body/conv/Conv")]
    [InlineData("body.conv.weight", "/body/conv/Conv")]
    [InlineData("/body/conv/Conv", "/body/conv/Conv")]
    [InlineData("conv", "/body/conv/Conv")]
    public void Finds_a_convolution_by_each_form_of_its_name(string module, string node)
    {
        BoundAdapter bound = Bind(AdapterCases.Lora(module, [2, 2, 3, 3], [3, 2, 1, 1]));

        Assert.Equal(node, Assert.Single(bound.Patches).NodeName);
        Assert.Empty(notes.Items);
    }

    [Fact]
    public void Finds_a_layer_by_its_bias_where_the_exporter_renamed_the_weights()
    {
        BoundAdapter bound = Bind(AdapterCases.Lora("head", [1, 2], [2, 1]));

        Assert.Equal("node7", Assert.Single(bound.Patches).NodeName);
    }

    [Fact]
    public void Finds_a_layer_by_the_path_of_its_node()
    {
        Graph renamed = AdapterCases.Graph();
        renamed = renamed.With(
            renamed.Nodes.Select(n => n.Name == "/fc/Gemm" ? n with { Inputs = ["t4", "onnx::MatMul_1"] } : n),
            [renamed["fc.weight"] with { Name = "onnx::MatMul_1" }]);

        BoundAdapter bound = AdapterBinder.Bind(AdapterCases.Adapter(AdapterCases.Lora("fc", [1, 80], [2, 1])), renamed, null, notes);

        Assert.Equal("/fc/Gemm", Assert.Single(bound.Patches).NodeName);
    }

    [Fact]
    public void Lora_of_a_convolution_is_moved_to_the_graphs_layout()
    {
        var patch = (LoraPatch)Assert.Single(Bind(AdapterCases.Lora("body.conv", [1, 2, 3, 3], [3, 1, 1, 1], 0.5)).Patches);

        // A [1,in=2,3,3] holds 1..18: channel 0 is 1..9, channel 1 is 10..18; in [1,3,3,2] they alternate.
        Assert.Equal(new Shape(1, 3, 3, 2), patch.A.Shape);
        Assert.Equal([1, 10, 2, 11, 3, 12, 4, 13, 5, 14, 6, 15, 7, 16, 8, 17, 9, 18], patch.A.Values.Select(v => (int)v));
        Assert.Equal(new AdapterTensor(new Shape(3, 1), [1, 2, 3]), patch.B);
        Assert.Equal(0.5, patch.Scale);
        Assert.Equal(1, patch.Rank);
    }

    [Fact]
    public void Replaced_weights_are_moved_to_the_graphs_layout()
    {
        var conv = (WeightPatch)Assert.Single(Bind(AdapterCases.Saved("body.conv", 3, 2, 3, 3)).Patches);
        Assert.Equal([1, 10, 2, 11], conv.Weights.Take(4).Select(v => (int)v));

        // Depthwise [O=3,1,3,3] holds 1..27; [1,3,3,O] takes tap 0 of every channel first.
        var depthwise = (WeightPatch)Assert.Single(Bind(AdapterCases.Saved("body.dw", 3, 1, 3, 3)).Patches);
        Assert.Equal([1, 10, 19, 2, 11, 20], depthwise.Weights.Take(6).Select(v => (int)v));
    }

    [Theory]
    [InlineData("body.pw", new[] { 1, 3 }, new[] { 5, 1 })]
    [InlineData("fc", new[] { 1, 80, 1, 1 }, new[] { 2, 1, 1, 1 })]
    public void A_linear_layer_and_a_1x1_convolution_are_the_same_sums(string module, int[] a, int[] b) =>
        Assert.IsType<LoraPatch>(Assert.Single(Bind(AdapterCases.Lora(module, a, b)).Patches));

    [Fact]
    public void A_head_that_is_replaced_gives_weights_and_bias_in_node_order()
    {
        PeftModule head = AdapterCases.Saved("head", 2, 2) with { SavedBias = AdapterCases.Values(2) };

        BoundAdapter bound = Bind(head, AdapterCases.Bias("body.conv", 1, 2, 3));

        Assert.Equal(["/body/conv/Conv", "node7", "node7"], bound.Patches.Select(p => p.NodeName));
        Assert.Equal([1f, 2f], Assert.Single(bound.PatchesOf("node7").OfType<BiasPatch>()).Bias);
    }

    [Fact]
    public void Fan_in_fan_out_transposes_a_replaced_weight_and_nothing_else()
    {
        var patch = (WeightPatch)Assert.Single(Bind(AdapterCases.Saved("fc", 80, 2) with { FanInFanOut = true }).Patches);
        Assert.Equal([1f, 3f, 5f], patch.Weights.Take(3));

        Assert.Equal("MCU0509", Refused(AdapterCases.Saved("head", 2, 2) with { FanInFanOut = true }).Code);
        Assert.Equal("MCU0503", Refused(AdapterCases.Saved("fc", 80, 2)).Code);

        var lora = (LoraPatch)Assert.Single(Bind(AdapterCases.Lora("fc", [1, 80], [2, 1]) with { FanInFanOut = true }).Patches);
        Assert.Equal(new Shape(1, 80), lora.A.Shape);
    }

    [Fact]
    public void A_folded_batch_normalisation_scales_rows_and_bias()
    {
        // Present weights are rows times 2, 3, 4; present bias is that times the source's bias plus 10, 20, 30.
        Graph folded = graph.With("body.conv.weight", t => t with { Fold = new WeightFold([2, 3, 4], [10, 20, 30], []) });
        PeftAdapter adapter = AdapterCases.Adapter(AdapterCases.Lora("body.conv", [2, 2, 3, 3], [3, 2, 1, 1]) with { Bias = AdapterCases.Values(3) });

        BoundAdapter bound = AdapterBinder.Bind(adapter, folded, null, notes);

        Assert.Equal([2f, 4, 9, 12, 20, 24], bound.Patches.OfType<LoraPatch>().Single().B.Values);
        Assert.Equal([12f, 26, 42], bound.Patches.OfType<BiasPatch>().Single().Bias);
    }

    [Fact]
    public void Permuted_columns_permute_the_factor_and_the_replaced_weight()
    {
        int[] columns = [.. Enumerable.Range(0, 80).Select(j => (j * 7) % 80)];
        Graph permuted = graph.With("fc.weight", t => t with { Fold = new WeightFold([], [], columns.ToEquatableArray()) });

        var lora = (LoraPatch)AdapterBinder.Bind(AdapterCases.Adapter(AdapterCases.Lora("fc", [2, 80], [2, 2])), permuted, null, notes).Patches[0];
        var weights = (WeightPatch)AdapterBinder.Bind(AdapterCases.Adapter(AdapterCases.Saved("fc", 2, 80)), permuted, null, notes).Patches[0];

        // Values count from 1, so column j of row r holds 80r + columns[j] + 1.
        float[] expected = [.. Enumerable.Range(0, 160).Select(i => (80f * (i / 80)) + columns[i % 80] + 1)];
        Assert.Equal(expected, lora.A.Values);
        Assert.Equal(expected, weights.Weights);
    }

    [Fact]
    public void A_bias_that_passes_merged_from_elsewhere_is_refused()
    {
        Graph folded = graph.With("body.conv.weight", t => t with { Fold = new WeightFold([1, 1, 1], [0, 0, 0], []) { ForeignBiases = ["bn1.bias"] } });

        Assert.Equal("MCU0509", Assert.Throws<DiagnosticException>(() => AdapterBinder.Bind(AdapterCases.Adapter(AdapterCases.Bias("bn1", 1, 2, 3)), folded, null, notes)).Diagnostic.Code);
        Assert.Single(AdapterBinder.Bind(AdapterCases.Adapter(AdapterCases.Bias("body.conv", 1, 2, 3)), folded, null, notes).Patches);

        Graph own = graph.With("body.conv.weight", t => t with { Fold = new WeightFold([1, 1, 1], [0, 0, 0], []) { ForeignBiases = ["body.conv.bias"] } });
        Assert.Equal("MCU0509", Assert.Throws<DiagnosticException>(() => AdapterBinder.Bind(AdapterCases.Adapter(AdapterCases.Bias("conv", 1, 2, 3)), own, null, notes)).Diagnostic.Code);
    }

    [Fact]
    public void One_module_that_is_called_twice_changes_both_nodes()
    {
        Graph twice = AdapterCases.Graph();
        twice = twice.With(twice.Nodes.Append(new Node("again", twice.Nodes[5].Operator, ["output", "onnx::MatMul_7", "head.bias"], ["more"])), [twice["output"] with { Name = "more" }]) with { Outputs = ["more"] };

        BoundAdapter bound = AdapterBinder.Bind(AdapterCases.Adapter(AdapterCases.Bias("head", 1, 2)), twice, null, notes);

        Assert.Equal(["node7", "again"], bound.Patches.Select(p => p.NodeName));
    }

    [Fact]
    public void A_unique_shape_binds_a_module_of_another_name_with_a_warning()
    {
        BoundAdapter bound = Bind(AdapterCases.Lora("backbone.stage9", [1, 3, 1, 1], [5, 1, 1, 1]));

        Assert.Equal("/body/pw/Conv", Assert.Single(bound.Patches).NodeName);
        Diagnostic note = Assert.Single(notes.Items);
        Assert.Equal("MCU0510", note.Code);
        Assert.Contains("backbone.stage9", note.Message, StringComparison.Ordinal);
        Assert.Contains("/body/pw/Conv", note.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbered_modules_are_bound_in_numeric_order_to_as_many_layers_of_their_shape()
    {
        Graph stack = AdapterCases.Graph();
        IEnumerable<Tensor> tensors = Enumerable.Range(0, 3).SelectMany(i => new[] { stack["output"] with { Name = $"s{i}" }, stack["onnx::MatMul_7"] with { Name = $"w{i}" } });
        Node Layer(int i, string input) => new($"n{i}", stack.Nodes[5].Operator, [input, $"w{i}"], [$"s{i}"]);
        stack = stack.With([.. stack.Nodes.Take(5), Layer(0, "t5"), Layer(1, "s0"), Layer(2, "s1")], tensors) with { Outputs = ["s2"] };
        PeftModule[] modules = [.. new[] { "layer.10.q", "layer.2.q", "layer.9.q" }.Select(m => AdapterCases.Lora(m, [1, 2], [2, 1]))];

        BoundAdapter bound = AdapterBinder.Bind(AdapterCases.Adapter(modules), stack, null, notes);

        Assert.Equal([("n0", "layer.2.q"), ("n1", "layer.9.q"), ("n2", "layer.10.q")], bound.Patches.Select(p => (p.NodeName, p.Module)));
        Assert.Equal(3, notes.Items.Count);

        // Two modules for three layers, or names that are not a numbered series, could be anything.
        Assert.Equal("MCU0501", Assert.Throws<DiagnosticException>(() => AdapterBinder.Bind(AdapterCases.Adapter(modules[..2]), stack, null, notes)).Diagnostic.Code);
        modules[0] = modules[0] with { Module = "layer.10.v" };
        Assert.Equal("MCU0501", Assert.Throws<DiagnosticException>(() => AdapterBinder.Bind(AdapterCases.Adapter(modules), stack, null, notes)).Diagnostic.Code);
    }

    [Fact]
    public void A_bias_alone_is_never_bound_by_shape() =>
        Assert.Equal("MCU0501", Refused(AdapterCases.Bias("elsewhere", 1, 2, 3, 4, 5)).Code);

    [Fact]
    public void An_unknown_module_lists_the_closest_layers_first()
    {
        Diagnostic error = Refused(AdapterCases.Lora("body.cnv", [2, 7, 3, 3], [3, 2, 1, 1]));

        Assert.Equal("MCU0501", error.Code);
        int conv = error.Message.IndexOf("body.conv.weight", StringComparison.Ordinal);
        int fc = error.Message.IndexOf("fc.weight", StringComparison.Ordinal);
        Assert.True(conv > 0 && fc > conv, error.Message);
        Assert.Contains("convolution 3x2x3x3", error.Message, StringComparison.Ordinal);
        Assert.Contains("--adapter-map", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Shapes_of_another_base_are_refused_with_both_shapes()
    {
        Diagnostic error = Refused(AdapterCases.Lora("body.conv", [2, 64, 3, 3], [3, 2, 1, 1]));

        Assert.Equal("MCU0503", error.Code);
        Assert.Contains("3x64x3x3", error.Message, StringComparison.Ordinal);
        Assert.Contains("3x2x3x3", error.Message, StringComparison.Ordinal);
        Assert.Contains("another base", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("body.conv", new[] { 2, 2, 1, 1 }, new[] { 3, 2, 1, 1 })]
    [InlineData("body.conv", new[] { 2, 18 }, new[] { 3, 2 })]
    [InlineData("body.pw", new[] { 2, 3 }, new[] { 4, 2 })]
    [InlineData("fc", new[] { 2, 5, 4, 4 }, new[] { 2, 2, 1, 1 })]
    public void Kernels_and_outputs_are_checked(string module, int[] a, int[] b) =>
        Assert.Equal("MCU0503", Refused(AdapterCases.Lora(module, a, b)).Code);

    [Fact]
    public void Biases_are_checked() => Assert.Equal("MCU0503", Refused(AdapterCases.Bias("fc", 1, 2, 3)).Code);

    [Fact]
    public void Lora_on_a_depthwise_convolution_is_not_supported()
    {
        Diagnostic error = Refused(AdapterCases.Lora("body.dw", [3, 3, 3, 3], [3, 1, 1, 1]));

        Assert.Equal("MCU0504", error.Code);
        Assert.Contains("depthwise", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_modules_on_one_layer_are_refused()
    {
        Diagnostic error = Refused(AdapterCases.Bias("body.conv", 1, 2, 3), AdapterCases.Bias("conv", 1, 2, 3));

        Assert.Equal("MCU0505", error.Code);
        Assert.Contains("'body.conv' and 'conv'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_fits_several_layers_is_ambiguous() =>
        Assert.Equal("MCU0502", Refused(AdapterCases.Lora("body", [2, 2, 3, 3], [3, 2, 1, 1])).Code);

    [Theory]
    [InlineData("onnx::MatMul_7")]
    [InlineData("node7")]
    [InlineData("head.bias")]
    public void A_map_goes_before_every_name(string layer)
    {
        BoundAdapter bound = Bind(Map($$"""{"fc":"{{layer}}"}"""), AdapterCases.Lora("fc", [1, 2], [2, 1]));

        Assert.Equal("node7", Assert.Single(bound.Patches).NodeName);
    }

    [Theory]
    [InlineData("""{"fc":"nowhere"}""", "MCU0508")]
    [InlineData("""{"fc":"/Flatten"}""", "MCU0508")]
    [InlineData("""{"fd":"node7"}""", "MCU0507")]
    public void Every_line_of_a_map_is_checked_on_both_sides(string json, string code)
    {
        DiagnosticException error = Assert.Throws<DiagnosticException>(() => Bind(Map(json), AdapterCases.Lora("fc", [1, 80], [2, 1])));

        Assert.Equal(code, error.Diagnostic.Code);
    }

    [Fact]
    public void One_map_serves_several_adapters()
    {
        AdapterMap map = Map("""{"a":"fc.weight","b":"node7"}""");
        PeftAdapter first = AdapterCases.Adapter(AdapterCases.Bias("a", 1, 2));
        PeftAdapter second = AdapterCases.Adapter(AdapterCases.Bias("b", 1, 2));

        IReadOnlyList<BoundAdapter> bound = AdapterBinder.BindAll([first, second], graph, map, notes);

        Assert.Equal(["/fc/Gemm", "node7"], bound.Select(b => Assert.Single(b.Patches).NodeName));
    }

    [Theory]
    [InlineData("""{"a":1}""")]
    [InlineData("""["a"]""")]
    [InlineData("""{"a":"x","a":"y"}""")]
    [InlineData("{")]
    public void A_malformed_map_is_refused(string json) =>
        Assert.Equal("MCU0506", Assert.Throws<DiagnosticException>(() => Map(json)).Diagnostic.Code);

    private static AdapterMap Map(string json) => AdapterMap.Parse(Encoding.UTF8.GetBytes(json), "map.json");

    private BoundAdapter Bind(params PeftModule[] modules) => AdapterBinder.Bind(AdapterCases.Adapter(modules), graph, null, notes);

    private BoundAdapter Bind(AdapterMap map, params PeftModule[] modules) => AdapterBinder.Bind(AdapterCases.Adapter(modules), graph, map, notes);

    private Diagnostic Refused(params PeftModule[] modules) => Assert.Throws<DiagnosticException>(() => Bind(modules)).Diagnostic;
}
