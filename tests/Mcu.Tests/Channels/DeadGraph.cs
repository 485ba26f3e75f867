using Mcu.Emulation.Evaluation;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Tests.Int8;

namespace Mcu.Tests.Channels;

/// <summary>Changes of layers that make channels dead, and the comparison of outputs.</summary>
internal static class DeadGraph
{
    public static Window2D One => new(1, 1, 1, 1, 1, 1, default);

    public static Window2D Padded => new(3, 3, 1, 1, 1, 1, new Padding2D(1, 1, 1, 1));

    public static Window2D Unpadded => new(3, 3, 1, 1, 1, 1, default);

    /// <summary>The output becomes the zero point, or with a bias another constant.</summary>
    /// <param name="steps">How far from the zero point, in steps of the output.</param>
    public static Graph Kill(this Graph graph, string layer, int channel, int steps = 0)
    {
        Node node = graph.Nodes.First(n => n.Name == layer);
        (Tensor weights, Quantization x, Quantization y) = (graph[node.Inputs[1]], graph[node.Inputs[0]].Quantization!, graph[node.Output].Quantization!);
        int outputs = graph[node.Output].Shape[-1];
        int depth = weights.Data!.Length / outputs;
        bool innermost = node.Operator is DepthwiseConv2D;
        sbyte[] values = [.. ((Int8Data)weights.Data).Values];
        for (int k = 0; k < depth; k++)
        {
            values[innermost ? (k * outputs) + channel : (channel * depth) + k] = 0;
        }

        int[] bias = node.Inputs.Length > 2 ? [.. ((Int32Data)graph[node.Inputs[2]].Data!).Values] : new int[outputs];
        bias[channel] = (int)Math.Round(steps * y.Scale / (x.Scale * weights.Quantization!.ScaleOf(channel)));
        var changed = new Tensor(layer + ".bias", DataType.Int32, new Shape(outputs)) { Data = new Int32Data(EquatableArray.Wrap(bias)) };
        return graph.With(
            graph.Nodes.Select(n => n.Name == layer ? n with { Inputs = [n.Inputs[0], n.Inputs[1], changed.Name] } : n),
            [weights with { Data = new Int8Data(EquatableArray.Wrap(values)) }, changed]);
    }

    /// <summary>A convolution or fully connected layer no longer reads the channel.</summary>
    public static Graph Ignore(this Graph graph, string layer, int channel)
    {
        Node node = graph.Nodes.First(n => n.Name == layer);
        Tensor weights = graph[node.Inputs[1]];
        int channels = graph[node.Inputs[0]].Shape[-1];
        sbyte[] values = [.. ((Int8Data)weights.Data!).Values];
        for (int k = channel; k < values.Length; k += channels)
        {
            values[k] = 0;
        }

        return graph.With(graph.Nodes, [weights with { Data = new Int8Data(EquatableArray.Wrap(values)) }]);
    }

    /// <summary>Output channels of each layer with its shape as <c>name:channels</c>.</summary>
    public static string Channels(this Int8Model model, params string[] layers) =>
        string.Join(' ', layers.Select(l => $"{l}:{model.Removal?.RangesOf(model.Graph.Nodes.First(n => n.Name == l).Output) ?? "all"}"));

    /// <summary>Random inputs for a network, back to back.</summary>
    public static byte[] Inputs(Graph graph, int seed, int samples = 4)
    {
        byte[] inputs = new byte[samples * (int)graph[graph.Inputs[0]].Shape.Elements];
        new Random(seed).NextBytes(inputs);
        return inputs;
    }

    public static byte[] Outputs(Int8Model model, byte[] inputs, int adapter = 0) =>
        new ReferenceRunner(model).RunAsync(inputs, adapter, TestContext.Current.CancellationToken).GetAwaiter().GetResult().Outputs;

    /// <summary>Both give the same bytes for random inputs, under every adapter.</summary>
    public static void AssertSame(Int8Model whole, Int8Model reduced, int seed = 1)
    {
        for (int adapter = 0; adapter <= whole.Adapters.Length; adapter++)
        {
            byte[] inputs = Inputs(whole.Graph, seed);
            Assert.Equal(Outputs(whole, inputs, adapter), Outputs(reduced, inputs, adapter));
        }
    }

    public static Int8GraphBuilder Start(int channels = 3, int size = 5, int seed = 1) => new(new Random(seed), new Shape(1, size, size, channels));
}
