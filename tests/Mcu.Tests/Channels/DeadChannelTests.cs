using Mcu.Generator.Channels;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;
using Mcu.Tests.Int8;
using static Mcu.Tests.Channels.DeadGraph;

namespace Mcu.Tests.Channels;

/// <summary>Which channels go, which must stay, and that outputs are the same: by small networks.</summary>
public sealed class DeadChannelTests
{
    [Fact]
    public void What_a_constant_channel_gives_goes_into_the_start_values()
    {
        // Scales of 1 and multipliers of 1/4: channel 1 is 40/4 + 3 = 13 everywhere, and the second layer sees 13 - 3 = 10.
        Graph graph = Start(channels: 1).Conv(2, One, name: "a").Conv(2, One, name: "b").Build();
        graph = Exact(graph, "a", [7, 0], [5, 40], 3);
        graph = Exact(graph, "b", [2, 9, 4, -6], [100, 200], -2);

        Int8Model reduced = Reduced(graph);

        var layer = (LinearLayer)reduced.Layers["b"];
        Assert.Equal("a:0 b:all", reduced.Channels("a", "b"));
        Assert.Equal([2, 4], layer.Weights);
        Assert.Equal([100 + (9 * 10), 200 - (6 * 10)], layer.Bias);
        Assert.Equal([7], ((LinearLayer)reduced.Layers["a"]).Weights);
    }

    [Theory]
    [InlineData(0, false, "0,2-3")]
    [InlineData(0, true, "0,2-3")]
    [InlineData(40, false, "0,2-3")]
    [InlineData(40, true, "all")]
    public void Behind_padding_a_constant_must_be_the_zero_point(int steps, bool padded, string kept)
    {
        Graph graph = Start().Conv(4, One, name: "a").Conv(3, padded ? Padded : Unpadded, name: "b").Build().Kill("a", 1, steps);

        Assert.Equal($"a:{kept} b:all", Reduced(graph).Channels("a", "b"));
    }

    [Theory]
    [InlineData(0, "0-1,3")]
    [InlineData(40, "all")]
    public void A_constant_passes_a_depthwise_layer_where_padding_cannot_be_told_from_it(int steps, string kept)
    {
        Graph graph = Start().Conv(4, One, name: "a").Depthwise(1, Padded).Conv(3, One, name: "b").Build().Kill("a", 2, steps);

        Assert.Equal($"a:{kept} layer1:{kept}", Reduced(graph).Channels("a", "layer1"));
    }

    [Fact]
    public void A_depthwise_layer_without_weights_also_ends_the_channel_before_it()
    {
        Graph graph = Start().Conv(4, One, name: "a").Depthwise(1, Padded).Conv(3, One, name: "b").Build().Kill("layer1", 3, 25);

        Assert.Equal("a:0-2 layer1:0-2 b:all", Reduced(graph).Channels("a", "layer1", "b"));
    }

    [Fact]
    public void A_channel_of_a_depthwise_multiplier_goes_with_all_that_it_makes()
    {
        Graph graph = Start().Conv(3, One, name: "a").Depthwise(2, Unpadded).Conv(3, One, name: "b").Build().Kill("layer1", 2, 9).Kill("layer1", 4).Kill("layer1", 5);

        Assert.Equal("a:0-1 layer1:0-3", Reduced(graph).Channels("a", "layer1"));
    }

    [Fact]
    public void A_live_channel_that_nobody_reads_goes_and_so_do_those_that_only_it_reads()
    {
        Graph graph = Start().Conv(4, One, name: "a").Conv(4, Padded, name: "b").Conv(3, One, name: "c").Build().Ignore("c", 1);
        int[] others = [0, 2, 3];
        graph = others.Aggregate(graph, (g, o) => Without(g, "b", o, 2));

        Assert.Equal("a:0-1,3 b:0,2-3 c:all", Reduced(graph).Channels("a", "b", "c"));
    }

    [Fact]
    public void A_tensor_keeps_what_one_of_its_readers_needs()
    {
        Int8GraphBuilder builder = Start().Conv(4, One, name: "a");
        Tensor shared = builder.Last;
        Tensor left = builder.Conv(4, One, name: "b").Last;
        Graph graph = builder.From(shared).Conv(4, One, name: "c").Add(left).Build();

        Assert.Equal("a:0,2-3", Reduced(graph.Ignore("b", 1).Ignore("c", 1)).Channels("a"));
        Assert.Null(Reduced(graph.Ignore("b", 1)).Removal);
    }

    [Fact]
    public void A_sum_loses_only_what_is_dead_on_both_sides()
    {
        Int8GraphBuilder builder = Start().Conv(4, One, name: "a");
        Tensor start = builder.Last;
        Graph graph = builder.Conv(4, Padded, name: "b").Add(start, FusedActivation.Relu).Conv(2, One, name: "c").Build();

        Assert.Equal("a:0-1,3 b:0-1,3", Reduced(graph.Kill("a", 2).Kill("b", 2, 7)).Channels("a", "b"));
        Assert.Null(Reduced(graph.Kill("b", 2, 7)).Removal);
        Assert.Null(Reduced(graph.Kill("a", 2)).Removal);
        Assert.Equal("a:0-1,3 b:0-1,3", Reduced(Without(graph, "c", null, 2).Ignore("b", 2)).Channels("a", "b"));
    }

    [Fact]
    public void The_networks_output_keeps_its_channels()
    {
        Assert.Null(Reduced(Start().Conv(4, One, name: "a").Build().Kill("a", 1, 3)).Removal);
    }

    [Fact]
    public void Pools_means_and_changes_of_scale_carry_a_constant()
    {
        Graph graph = Start(size: 8).Conv(4, One, FusedActivation.Relu, name: "a")
            .MaxPool(new Window2D(2, 2, 2, 2, 1, 1, default)).AveragePool(new Window2D(3, 3, 1, 1, 1, 1, new Padding2D(1, 1, 1, 1)))
            .Requantize(0.7f).Relu(0.9f).Mean(1, 2).Connected(3, name: "b").Build().Kill("a", 0, 30);

        Assert.Equal("a:1-3 node5:1-3 b:all", Reduced(graph).Channels("a", "node5", "b"));
    }

    [Theory]
    [InlineData(0, "1-3")]
    [InlineData(30, "all")]
    public void A_pad_keeps_a_constant_that_is_not_what_it_fills_with(int steps, string kept)
    {
        Graph graph = Start().Conv(4, One, name: "a").Pad([0, 1, 1, 0], [0, 0, 1, 0]).Conv(2, One, name: "b").Build().Kill("a", 0, steps);

        Assert.Equal($"a:{kept}", Reduced(graph).Channels("a"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_flatten_drops_a_channel_at_every_position(bool reshape)
    {
        Int8GraphBuilder builder = Start(size: 3).Conv(4, One, name: "a");
        Graph graph = (reshape ? builder.Reshape(1, 36) : builder).Connected(5, name: "b").Build();

        Int8Model reduced = Reduced(graph.Kill("a", 2, 11));
        Assert.Equal("a:0-1,3", reduced.Channels("a"));
        Assert.Equal(new Shape(5, 27), reduced.Graph[reduced.Graph.Nodes[^1].Inputs[1]].Shape);

        // One position of the channel is enough to keep it.
        Tensor weights = graph["b.weight"];
        sbyte[] values = [.. ((Int8Data)weights.Data!).Values.Select((w, i) => i % 4 == 2 && i != (36 * 3) + 22 ? (sbyte)0 : w)];
        Assert.Null(Reduced(graph.With(graph.Nodes, [weights with { Data = new Int8Data(values.ToEquatableArray()) }])).Removal);
    }

    [Fact]
    public void Of_a_layer_without_live_channels_one_stays()
    {
        Graph graph = Start().Conv(3, One, name: "a").Conv(2, Unpadded, name: "b").Build();
        graph = graph.Kill("a", 0, 4).Kill("a", 1, -4).Kill("a", 2, 9);

        Assert.Equal("a:0 b:all", Reduced(graph).Channels("a", "b"));
    }

    [Fact]
    public void Concatenated_channels_go_on_the_side_that_they_come_from()
    {
        Int8GraphBuilder builder = Start();
        Tensor input = builder.Last;
        Tensor left = builder.Conv(3, One, name: "a").Last;
        Graph graph = builder.From(input).Conv(2, One, name: "b").Join(left, 3, 1.4f).Conv(2, One, name: "c").Build().Kill("a", 1, 8).Kill("b", 0);

        Assert.Equal("a:0,2 b:1 node2:0,2,4", Reduced(graph).Channels("a", "b", "node2"));
    }

    [Fact]
    public void A_constant_addend_loses_the_channels_of_the_other_side()
    {
        Graph graph = Start().Conv(4, One, name: "a").WithConstant(new Add(FusedActivation.None), [4], constantFirst: false).Conv(2, One, name: "b").Build().Kill("a", 3, 5);

        Int8Model reduced = Reduced(graph);
        Assert.Equal("a:0-2 node1:0-2", reduced.Channels("a", "node1"));
        Assert.Equal(new Shape(3), reduced.Graph[reduced.Graph.Nodes[1].Inputs[1]].Shape);
    }

    [Fact]
    public void Weights_that_two_layers_share_are_cut_for_each()
    {
        Int8GraphBuilder builder = Start(channels: 4);
        Graph graph = builder.Conv(4, One, name: "a").Conv(4, One, name: "b").Conv(4, One, name: "c").Build();
        graph = graph.With(graph.Nodes.Select(n => n.Name == "a" ? n with { Inputs = [n.Inputs[0], "b.weight"] } : n)).Kill("b", 1, 6);

        Int8Model reduced = Reduced(graph);
        Assert.Equal("a:0,2-3 b:0,2-3 c:all", reduced.Channels("a", "b", "c"));
    }

    [Fact]
    public void Channels_that_an_adapter_brings_to_life_stay_and_the_others_go()
    {
        Graph graph = Start().Conv(4, One, name: "a").Conv(3, One, name: "b").Build().Kill("a", 1, 6).Kill("a", 2, 6);
        Int8Model model = Int8Model.Prepare(graph);
        var layer = (LinearLayer)model.Layers["a"];
        LinearLayer changed = layer with { Corrections = new SparseCorrection([0, 0, 1, 1, 1], [2], [50]) };
        model = model with { Adapters = [Adapter("a", AdapterMode.MergeSparse, changed)] };

        Int8Model reduced = DeadChannels.Remove(model);

        Assert.Equal("a:0-1,3", reduced.Channels("a"));
        AssertSame(model, reduced);
        Diagnostic refused = Assert.Throws<DiagnosticException>(() => DeadChannels.RemoveOfBase(model)).Diagnostic;
        Assert.Equal("MCU0681", refused.Code);
        Assert.Contains("'a' 1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_with_another_constant_keeps_the_channel()
    {
        Graph graph = Start().Conv(4, One, name: "a").Conv(3, One, name: "b").Build().Kill("a", 1, 6).Kill("a", 2, 6);
        Int8Model model = Int8Model.Prepare(graph);
        var other = (LinearLayer)Int8Model.Prepare(graph.Kill("a", 1, 20)).Layers["a"];
        model = model with { Adapters = [Adapter("a", AdapterMode.Bias, other)] };

        Int8Model reduced = DeadChannels.Remove(model);

        Assert.Equal("a:0-1,3", reduced.Channels("a"));
        AssertSame(model, reduced);
    }

    [Fact]
    public void A_low_rank_term_starts_with_what_removed_inputs_gave()
    {
        Graph graph = Start().Conv(4, One, name: "a").Conv(3, One, name: "b").Build().Kill("a", 1, 13);
        Int8Model model = Int8Model.Prepare(graph);
        var layer = (LinearLayer)model.Layers["b"];
        var term = new SidePath(2, [3, 100, -7, 20, 9, -50, 60, 4], [1 << 30, 1 << 30], [5, 6], [90, -80, 30, 70, -110, 5], [3, 2, 4]);
        model = model with { Adapters = [Adapter("b", AdapterMode.Side, layer with { Side = term })] };

        Int8Model reduced = DeadChannels.RemoveOfBase(model);

        Assert.Equal("a:0,2-3", reduced.Channels("a"));
        SidePath cut = ((LinearLayer)reduced.Adapters[0].Variants["b"].Layer).Side!;
        Assert.Equal([3, -7, 20, 9, 60, 4], cut.A);
        Assert.Equal([100 * 13, -50 * 13], cut.Offsets);
        AssertSame(model, reduced);
    }

    [Fact]
    public void Networks_of_adapters_that_add_nodes_share_the_bases_tables_so_nothing_goes()
    {
        Int8Model model = Int8Model.Prepare(Start().Conv(4, One, name: "a").Conv(3, One, name: "b").Build().Kill("a", 1));
        model = model with { Adapters = [Adapter("b", AdapterMode.Bias, (LinearLayer)model.Layers["b"]) with { Program = model }] };

        Assert.Same(model, DeadChannels.Remove(model));
    }

    /// <summary>The network after removal; it must give the same bytes.</summary>
    private static Int8Model Reduced(Graph graph)
    {
        Int8Model whole = Int8Model.Prepare(GraphValidator.Validate(graph));
        Int8Model reduced = DeadChannels.Remove(whole);
        AssertSame(whole, reduced);
        return reduced;
    }

    /// <summary>A layer with these weights and biases, an output scale of 4 times the accumulator's, and this zero point.</summary>
    private static Graph Exact(Graph graph, string layer, sbyte[] weights, int[] bias, int zeroPoint)
    {
        Node node = graph.Nodes.First(n => n.Name == layer);
        var unit = new Quantization(1, 0);
        return graph.With(
            graph.Nodes.Select(n => n.Name == layer ? n with { Inputs = [n.Inputs[0], n.Inputs[1], layer + ".bias"] } : n),
            [
                graph[node.Inputs[1]] with { Data = new Int8Data(weights.ToEquatableArray()), Quantization = unit },
                new Tensor(layer + ".bias", DataType.Int32, new Shape(bias.Length)) { Data = new Int32Data(bias.ToEquatableArray()) },
                graph[node.Output] with { Quantization = new Quantization(4 * graph[node.Inputs[0]].Quantization!.Scale, zeroPoint) },
            ]);
    }

    /// <summary>Output <paramref name="output"/> (null for all) of a 1x1 or k×k layer no longer reads the channel.</summary>
    private static Graph Without(Graph graph, string layer, int? output, int channel)
    {
        Tensor weights = graph[graph.Nodes.First(n => n.Name == layer).Inputs[1]];
        int depth = (int)(weights.Shape.Elements / weights.Shape[0]);
        sbyte[] values = [.. ((Int8Data)weights.Data!).Values.Select((w, i) => i % weights.Shape[3] == channel && (output is null || i / depth == output) ? (sbyte)0 : w)];
        return graph.With(graph.Nodes, [weights with { Data = new Int8Data(values.ToEquatableArray()) }]);
    }

    private static Int8Adapter Adapter(string node, AdapterMode mode, LinearLayer layer) =>
        new("x", "00", System.Collections.Immutable.ImmutableDictionary<string, LayerVariant>.Empty.Add(node, new LayerVariant(mode, layer)));
}
