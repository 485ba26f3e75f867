using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// An int8 network between float edges becomes int8 in and out: a Quantize behind a float input and a Dequantize before a
/// float output go; the emitted interface has helpers for real values.
/// </summary>
public sealed class StripEdgeQuantization : IGraphPass
{
    public string Name => nameof(StripEdgeQuantization);

    public Graph Run(Graph graph, DiagnosticBag notes)
    {
        Graph result = graph;
        foreach (Node node in graph.Nodes)
        {
            result = node.Operator switch
            {
                Quantize when IsFloatInput(result, node) => result with
                {
                    Nodes = Without(result, node),
                    Inputs = Replace(result.Inputs, node.Inputs[0], node.Output),
                    Tensors = result.Tensors.Remove(node.Inputs[0]),
                },
                Dequantize when result.Outputs.Contains(node.Output) && !result.ConsumersOf(node.Output).Any() => result with
                {
                    Nodes = Without(result, node),
                    Outputs = Replace(result.Outputs, node.Output, node.Inputs[0]),
                    Tensors = result.Tensors.Remove(node.Output),
                },
                _ => result,
            };
        }

        if (result.Nodes.Length != graph.Nodes.Length)
        {
            notes.Note("MCU0613", "Quantize and Dequantize at the network's edges were left out: input and output are int8.", graph.Source.FileName);
        }

        return result;
    }

    private static bool IsFloatInput(Graph graph, Node node) =>
        graph[node.Inputs[0]].Type == DataType.Float32 && graph.Inputs.Contains(node.Inputs[0]) && graph.ConsumersOf(node.Inputs[0]).Count() == 1;

    private static EquatableArray<Node> Without(Graph graph, Node node) => graph.Nodes.Where(n => n != node).ToEquatableArray();

    private static EquatableArray<string> Replace(EquatableArray<string> names, string old, string now) =>
        names.Select(n => n == old ? now : n).ToEquatableArray();
}
