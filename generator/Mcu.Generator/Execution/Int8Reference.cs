using System.Collections.Immutable;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Execution;

/// <summary>Executes an int8 model with the operators' int8 references: the arithmetic truth for every kernel.</summary>
public static class Int8Reference
{
    /// <summary>Runs one sample and returns every activation by name; of an adapter that adds nodes those of its own graph.</summary>
    /// <param name="model">A prepared model.</param>
    /// <param name="inputs">A value per graph input.</param>
    /// <param name="adapterIndex">0 for the base, 1… for the model's adapters.</param>
    public static Dictionary<string, TensorValue> Run(Int8Model model, IReadOnlyDictionary<string, TensorValue> inputs, int adapterIndex = 0)
    {
        if (adapterIndex > 0 && model.Adapters[adapterIndex - 1].Program is { } program)
        {
            return Run(program, inputs);
        }

        Graph graph = model.Graph;
        var values = new Dictionary<string, TensorValue>(inputs, StringComparer.Ordinal);
        foreach (Node node in graph.Nodes)
        {
            NodeRun run = Bind(graph, node, values);
            var room = (IInt8Room)OperatorCatalog.RoomOf(node.Operator);
            room.RunInt8(run, model.LayerOf(node, adapterIndex));
            for (int i = 0; i < node.Outputs.Length; i++)
            {
                values[node.Outputs[i]] = run.Outputs[i];
            }
        }

        return values;
    }

    /// <summary>Runs one sample of a model with one input and one output.</summary>
    public static TensorValue Run(Int8Model model, TensorValue input, int adapterIndex = 0)
    {
        var inputs = ImmutableDictionary<string, TensorValue>.Empty.Add(model.Graph.Inputs[0], input);
        return Run(model, inputs, adapterIndex)[model.Graph.Outputs[0]];
    }

    private static NodeRun Bind(Graph graph, Node node, Dictionary<string, TensorValue> values)
    {
        var inputs = new TensorValue?[node.Inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            Tensor? tensor = graph.InputOf(node, i);

            // Weights are in the prepared layer; other constants (an addend) are read like activations.
            inputs[i] = tensor is null ? null : tensor.IsConstant ? TensorValue.Constant(tensor) : values[tensor.Name];
        }

        return new NodeRun(new NodeView(graph, node), inputs, [.. node.Outputs.Select(o => TensorValue.Create(graph[o].Type, graph[o].Shape))]);
    }
}
