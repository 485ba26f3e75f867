using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Channels;

/// <summary>Says which channels a network needs, given those that are to be removed and those that are constant.</summary>
/// <param name="adapters">Indices under which the network runs; 0 is the base.</param>
/// <param name="constants">Channels that are one byte under all of them.</param>
internal sealed class ChannelNeeds(Int8Model model, IReadOnlyList<int> adapters, Dictionary<string, sbyte?[]> constants)
{
    private readonly Dictionary<(string Node, int Adapter), LinearRows> rows = [];

    /// <summary>A channel of a tensor that is needed.</summary>
    private delegate void Need(string tensor, int channel);

    /// <summary>Puts back every channel that is needed, and those that it needs in turn.</summary>
    public void PutBack(Dictionary<string, bool[]> removed)
    {
        bool changed;
        do
        {
            changed = false;
            Visit(removed, (tensor, channel) =>
            {
                changed |= removed[tensor][channel];
                removed[tensor][channel] = false;
            });
        }
        while (changed);
    }

    /// <summary>Calls <paramref name="need"/> for every channel that must be there if those of <paramref name="removed"/> are not.</summary>
    private void Visit(Dictionary<string, bool[]> removed, Need need)
    {
        Graph graph = model.Graph;
        foreach (string port in graph.Inputs.Concat(graph.Outputs))
        {
            All(port, removed, need);
        }

        foreach (Node node in graph.Nodes.Reverse())
        {
            var view = new NodeView(graph, node);
            bool isLinear = model.Layers[node.Name] is LinearLayer;
            switch (((IInt8Room)OperatorCatalog.RoomOf(node.Operator)).Flow(view))
            {
                case MatrixChannels flow:
                    Matrix(node, flow, removed, need);
                    break;
                case LinkedChannels flow:
                    Linked(node, flow, isLinear ? [0] : [.. ChannelFlow.Inputs(view)], removed, need);
                    break;
                default:
                    foreach (string tensor in (isLinear ? node.Inputs.Take(1) : node.Inputs).Concat(node.Outputs))
                    {
                        All(tensor, removed, need);
                    }

                    break;
            }
        }
    }

    private static void All(string tensor, Dictionary<string, bool[]> removed, Need need)
    {
        for (int c = 0; removed.TryGetValue(tensor, out bool[]? channels) && c < channels.Length; c++)
        {
            need(tensor, c);
        }
    }

    /// <summary>Linked channels go together.</summary>
    private static void Linked(Node node, LinkedChannels flow, int[] inputs, Dictionary<string, bool[]> removed, Need need)
    {
        foreach (int whole in inputs.Where(i => flow.Links.All(l => l.Input != i)))
        {
            All(node.Inputs[whole], removed, need);
        }

        foreach (ChannelLink link in flow.Links)
        {
            if (!removed[node.Output][link.OutputChannel])
            {
                need(node.Inputs[link.Input], link.InputChannel);
            }
            else if (!removed[node.Inputs[link.Input]][link.InputChannel])
            {
                need(node.Output, link.OutputChannel);
            }
        }
    }

    /// <summary>An input channel is needed where an output that stays has a weight for it and its contribution is not known.</summary>
    private void Matrix(Node node, MatrixChannels flow, Dictionary<string, bool[]> removed, Need need)
    {
        string input = node.Inputs[0];
        sbyte?[] known = constants[input];
        foreach (int adapter in adapters)
        {
            LinearRows layer = RowsOf(node, adapter);
            int[] outputs = [.. Enumerable.Range(0, layer.Layer.OutputChannels).Where(o => !removed[node.Output][o])];
            bool hasTerm = outputs.Any(layer.HasTerm);
            for (int k = 0; k < layer.Depth; k++)
            {
                int channel = k % known.Length;
                if (removed[input][channel] && !layer.IsKnown(known[channel], flow.ReadsPadding)
                    && ((hasTerm && layer.ProjectsColumn(k)) || outputs.Any(o => layer[o][k] != 0)))
                {
                    need(input, channel);
                }
            }
        }
    }

    private LinearRows RowsOf(Node node, int adapter)
    {
        if (!rows.TryGetValue((node.Name, adapter), out LinearRows? found))
        {
            found = new LinearRows((LinearLayer)model.LayerOf(node, adapter), outputsInnermost: false);
            rows[(node.Name, adapter)] = found;
        }

        return found;
    }
}
