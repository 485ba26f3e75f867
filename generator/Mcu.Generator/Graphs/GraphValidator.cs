using Mcu.Generator.Diagnostics;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Graphs;

/// <summary>
/// Checks what every pass may rely on: unique writers, inputs ready in order, positive and bounded shapes, constants of
/// the right length, and shapes that the operators themselves infer.
/// </summary>
public static class GraphValidator
{
    /// <summary>Largest tensor accepted, in elements: far above any microcontroller, far below memory exhaustion.</summary>
    public const long MaxElements = 1L << 28;

    /// <summary>Returns the graph, or throws a diagnostic (MCU06xx) that names the node or tensor.</summary>
    public static Graph Validate(Graph graph)
    {
        foreach (Tensor tensor in graph.Tensors.Values)
        {
            CheckTensor(graph, tensor);
        }

        var ready = new HashSet<string>(graph.Inputs, StringComparer.Ordinal);
        ready.UnionWith(graph.Tensors.Values.Where(t => t.IsConstant).Select(t => t.Name));
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (Node node in graph.Nodes)
        {
            var view = new NodeView(graph, node);
            view.Require(names.Add(node.Name), "MCU0602", $"the node name '{node.Name}' occurs twice");
            CheckWiring(view, ready);
            CheckShapes(view);
        }

        foreach (string output in graph.Outputs)
        {
            Require(graph, ready.Contains(output), "MCU0603", $"The graph's output '{output}' is written by no node.", output);
        }

        Require(graph, graph.Inputs.Length > 0 && graph.Outputs.Length > 0, "MCU0604", "The graph has no input or no output.", "");
        return graph;
    }

    private static void CheckTensor(Graph graph, Tensor tensor)
    {
        bool positive = tensor.Shape.Dims.All(d => d > 0);
        Require(graph, positive, "MCU0605", $"Shape {tensor.Shape} has a dimension that is not positive.", tensor.Name, "Fix dynamic dimensions (batch) to 1 when exporting.");
        double size = tensor.Shape.Dims.Aggregate(1.0, (product, d) => product * d);
        Require(graph, size <= MaxElements, "MCU0606", $"Shape {tensor.Shape} has more than {MaxElements} elements.", tensor.Name);
        Require(graph, tensor.Data is null || tensor.Data.Length == tensor.Shape.Elements, "MCU0607", $"The constant holds {tensor.Data?.Length} elements for shape {tensor.Shape}.", tensor.Name);
        if (tensor.Data is FloatData floats)
        {
            Require(graph, floats.Values.All(float.IsFinite), "MCU0608", "The constant holds NaN or infinity.", tensor.Name, "Repair the training run or the export.");
        }
    }

    private static void CheckWiring(NodeView view, HashSet<string> ready)
    {
        foreach (string input in view.Node.Inputs.Where(i => i.Length > 0))
        {
            view.Require(ready.Contains(input), "MCU0609", $"input '{input}' is not ready: no node before this one writes it");
        }

        view.Require(view.Node.Outputs.Length > 0, "MCU0610", "the node has no output");
        foreach (string output in view.Node.Outputs)
        {
            view.Require(view.Graph.Tensors.ContainsKey(output) && ready.Add(output), "MCU0611", $"output '{output}' is written twice or unknown");
        }
    }

    private static void CheckShapes(NodeView view)
    {
        IReadOnlyList<OutputType> inferred = OperatorCatalog.RoomOf(view.Node.Operator).Infer(view);
        for (int i = 0; i < view.Node.Outputs.Length; i++)
        {
            Tensor declared = view.Graph[view.Node.Outputs[i]];
            view.Require(
                i < inferred.Count && declared.Shape == inferred[i].Shape && declared.Type == inferred[i].Type,
                "MCU0612",
                $"output '{declared.Name}' is declared {declared.Type} {declared.Shape}, but the operator gives {(i < inferred.Count ? $"{inferred[i].Type} {inferred[i].Shape}" : "nothing")}");
        }
    }

    private static void Require(Graph graph, bool condition, string code, string message, string tensor, string hint = "")
    {
        if (!condition)
        {
            throw new DiagnosticException(code, message, $"{graph.Source.FileName}: tensor '{tensor}'", hint);
        }
    }
}
