using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>Removes nodes whose results no output needs, and tensors that nothing names. Inputs stay.</summary>
public sealed class RemoveDeadNodes : IGraphPass
{
    public string Name => nameof(RemoveDeadNodes);

    public Graph Run(Graph graph, DiagnosticBag notes)
    {
        var needed = graph.Outputs.ToHashSet(StringComparer.Ordinal);
        var alive = new List<Node>();
        foreach (Node node in graph.Nodes.Reverse())
        {
            if (node.Outputs.Any(needed.Contains))
            {
                alive.Add(node);
                needed.UnionWith(node.Inputs);
            }
        }

        if (alive.Count == graph.Nodes.Length)
        {
            return graph;
        }

        alive.Reverse();
        return GraphRewrite.WithoutUnusedTensors(graph.With(alive));
    }
}
