using System.Text;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>A graph as text, one line per node, for <c>--dump</c> and for reading test failures.</summary>
public static class GraphDump
{
    public static string Text(Graph graph)
    {
        var text = new StringBuilder();
        foreach (string input in graph.Inputs)
        {
            text.Append("input ").AppendLine(Describe(graph, input));
        }

        foreach (Node node in graph.Nodes)
        {
            text.Append(string.Join(", ", node.Outputs.Select(o => Describe(graph, o))))
                .Append(" = ").Append(node.Operator)
                .Append(" (").Append(string.Join(", ", node.Inputs.Select(i => i.Length == 0 ? "-" : Describe(graph, i))))
                .Append(") '").Append(node.Name).AppendLine("'");
        }

        return text.Append("output ").AppendLine(string.Join(", ", graph.Outputs)).ToString();
    }

    private static string Describe(Graph graph, string name) =>
        $"{name}:{graph[name].Type}{graph[name].Shape}{(graph[name].IsConstant ? "*" : "")}";
}
