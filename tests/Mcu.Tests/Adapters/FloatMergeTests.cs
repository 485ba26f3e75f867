using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Tests.Adapters;

public class FloatMergeTests
{
    private readonly DiagnosticBag notes = new();

    [Fact]
    public void Adds_the_scaled_product_to_the_weights()
    {
        Graph graph = AdapterCases.Graph().With("onnx::MatMul_7", t => t with { Data = new FloatData([1, 2, 3, 4]) });
        var module = new PeftModule("head", new LoraFactors(new(new Shape(1, 2), [1, -1]), new(new Shape(2, 1), [2, 3]), 1, 0.5), null, null, null, false);

        Graph merged = Merge(graph, module);

        // 0.5 · [2,3]ᵀ·[1,-1] = [[1,-1],[1.5,-1.5]].
        Assert.Equal([2f, 1, 4.5f, 2.5f], merged["onnx::MatMul_7"].Floats());
        Assert.Equal(graph["fc.weight"], merged["fc.weight"]);
    }

    [Fact]
    public void Replaces_biases_and_weights_and_adds_a_bias_where_none_was()
    {
        PeftModule pointwise = AdapterCases.Saved("body.pw", 5, 3, 1, 1) with { SavedBias = AdapterCases.Values(5) };

        Graph merged = Merge(AdapterCases.Graph(), pointwise, AdapterCases.Bias("fc", 7, 8));

        Assert.Equal([7f, 8f], merged["fc.bias"].Floats());
        Assert.Equal(Enumerable.Range(1, 15).Select(i => (float)i), merged["body.pw.weight"].Floats());
        Node node = merged.Nodes.Single(n => n.Name == "/body/pw/Conv");
        Assert.Equal([1f, 2, 3, 4, 5], merged.InputOf(node, 2)!.Floats());
    }

    [Fact]
    public void A_constant_that_another_node_reads_keeps_its_value_there()
    {
        Graph graph = AdapterCases.Graph();
        graph = graph.With(graph.Nodes.Select(n => n.Name == "/body/dw/Conv" ? n with { Inputs = ["t1", "body.dw.weight", "body.conv.bias"] } : n));

        Graph merged = Merge(graph, AdapterCases.Bias("body.dw", 7, 8, 9));

        Assert.Equal(graph["body.conv.bias"], merged.InputOf(merged.Nodes[0], 2));
        Assert.Equal([7f, 8, 9], merged.InputOf(merged.Nodes[1], 2)!.Floats());
    }

    [Fact]
    public void A_merge_that_overflows_is_a_diagnostic()
    {
        PeftModule huge = AdapterCases.Lora("head", [1, 2], [2, 1], 1e39);

        Assert.Equal("MCU0511", Assert.Throws<DiagnosticException>(() => Merge(AdapterCases.Graph(), huge)).Diagnostic.Code);
    }

    private Graph Merge(Graph graph, params PeftModule[] modules) =>
        FloatMerge.Apply(graph, AdapterBinder.Bind(AdapterCases.Adapter(modules), graph, null, notes));
}
