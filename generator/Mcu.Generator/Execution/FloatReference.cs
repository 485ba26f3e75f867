using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Execution;

/// <summary>Executes a float graph with the operators' own float references.</summary>
public static class FloatReference
{
    /// <summary>Runs one sample and returns every tensor's value by name, constants included.</summary>
    /// <param name="graph">A validated float graph.</param>
    /// <param name="inputs">A value per graph input.</param>
    public static Dictionary<string, TensorValue> Run(Graph graph, IReadOnlyDictionary<string, TensorValue> inputs)
    {
        var values = new Dictionary<string, TensorValue>(inputs, StringComparer.Ordinal);
        foreach (Tensor constant in graph.Tensors.Values.Where(t => t.IsConstant))
        {
            values[constant.Name] = TensorValue.Constant(constant);
        }

        foreach (Node node in graph.Nodes)
        {
            var run = new NodeRun(
                new NodeView(graph, node),
                [.. node.Inputs.Select(i => i.Length == 0 ? null : values[i])],
                [.. node.Outputs.Select(o => TensorValue.Create(graph[o].Type, graph[o].Shape))]);
            OperatorCatalog.RoomOf(node.Operator).RunFloat(run);
            for (int i = 0; i < node.Outputs.Length; i++)
            {
                values[node.Outputs[i]] = run.Outputs[i];
            }
        }

        return values;
    }
}
