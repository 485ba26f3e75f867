using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Channels;

/// <summary>Finds channels that hold one byte at every position, whatever the network's input.</summary>
internal static class ConstantChannels
{
    /// <summary>Per activation and channel the byte, or null; under an adapter (0 is the base).</summary>
    public static Dictionary<string, sbyte?[]> Of(Int8Model model, int adapterIndex)
    {
        Graph graph = model.Graph;
        var values = graph.Inputs.ToDictionary(name => name, name => new sbyte?[ChannelFlow.Count(graph[name])], StringComparer.Ordinal);
        foreach (Node node in graph.Nodes)
        {
            foreach (string output in node.Outputs)
            {
                values[output] = new sbyte?[ChannelFlow.Count(graph[output])];
            }

            var view = new NodeView(graph, node);
            Int8Layer layer = model.LayerOf(node, adapterIndex);
            switch (((IInt8Room)OperatorCatalog.RoomOf(node.Operator)).Flow(view))
            {
                case MatrixChannels flow:
                    Matrix((LinearLayer)layer, flow, values[node.Inputs[0]], values[node.Output]);
                    break;
                case LinkedChannels flow when layer is LinearLayer linear:
                    Depthwise(linear, flow, values[node.Inputs[0]], values[node.Output]);
                    break;
                case LinkedChannels flow:
                    Linked(view, layer, flow, values);
                    break;
            }
        }

        return values;
    }

    /// <summary>What both say of every channel; null where they differ.</summary>
    public static Dictionary<string, sbyte?[]> Common(Dictionary<string, sbyte?[]> a, Dictionary<string, sbyte?[]> b) =>
        a.ToDictionary(pair => pair.Key, pair => (sbyte?[])[.. pair.Value.Zip(b[pair.Key], (x, y) => x == y ? x : null)], StringComparer.Ordinal);

    private static void Matrix(LinearLayer layer, MatrixChannels flow, sbyte?[] inputs, sbyte?[] outputs)
    {
        var rows = new LinearRows(layer, outputsInnermost: false);
        for (int o = 0; o < outputs.Length; o++)
        {
            outputs[o] = rows.Constant(o, inputs, flow.ReadsPadding);
        }
    }

    private static void Depthwise(LinearLayer layer, LinkedChannels flow, sbyte?[] inputs, sbyte?[] outputs)
    {
        var rows = new LinearRows(layer, outputsInnermost: true);
        foreach (ChannelLink link in flow.Links)
        {
            outputs[link.OutputChannel] = rows.Constant(link.OutputChannel, [inputs[link.InputChannel]], flow.ReadsPadding);
        }
    }

    /// <summary>
    /// Runs the operator's reference once with what is known filled in. An output channel whose inputs are all known is constant if it is the same at
    /// every position, which padding or a constant operand may prevent.
    /// </summary>
    private static void Linked(NodeView view, Int8Layer layer, LinkedChannels flow, Dictionary<string, sbyte?[]> values)
    {
        bool[] known = Known(view, flow, values);
        if (!known.Contains(true))
        {
            return;
        }

        TensorValue?[] inputs = [.. view.Node.Inputs.Select((_, i) => view.OptionalInput(i) is { } tensor ? Filled(tensor, values) : null)];
        var run = new NodeRun(view, inputs, [TensorValue.Create(view.Output.Type, view.Output.Shape)]);
        ((IInt8Room)OperatorCatalog.RoomOf(view.Node.Operator)).RunInt8(run, layer);
        sbyte?[] outputs = values[view.Node.Output];
        for (int c = 0; c < outputs.Length; c++)
        {
            sbyte first = run.Output.Int8[c];
            bool same = true;
            for (int i = c; i < run.Output.Int8.Length; i += outputs.Length)
            {
                same &= run.Output.Int8[i] == first;
            }

            outputs[c] = known[c] && same ? first : null;
        }
    }

    /// <summary>Per output channel whether all that it reads is constant.</summary>
    private static bool[] Known(NodeView view, LinkedChannels flow, Dictionary<string, sbyte?[]> values)
    {
        int[] activations = [.. ChannelFlow.Inputs(view).Where(i => !view.Input(i).IsConstant)];
        bool whole = activations.Where(i => flow.Links.All(l => l.Input != i)).All(i => values[view.Node.Inputs[i]].All(v => v is not null));
        var known = new bool[ChannelFlow.Count(view.Output)];
        Array.Fill(known, whole);
        foreach (ChannelLink link in flow.Links.Where(l => activations.Contains(l.Input)))
        {
            known[link.OutputChannel] &= values[view.Node.Inputs[link.Input]][link.InputChannel] is not null;
        }

        return known;
    }

    private static TensorValue Filled(Tensor tensor, Dictionary<string, sbyte?[]> values)
    {
        if (tensor.IsConstant)
        {
            return TensorValue.Constant(tensor);
        }

        sbyte?[] channels = values[tensor.Name];
        var filled = TensorValue.Create(tensor.Type, tensor.Shape);
        for (int i = 0; i < filled.Int8.Length; i++)
        {
            filled.Int8[i] = channels[i % channels.Length] ?? 0;
        }

        return filled;
    }
}
