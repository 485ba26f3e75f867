using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>Producers and consumers of every tensor, looked up in constant time.</summary>
internal sealed class GraphIndex
{
    private readonly Dictionary<string, Node> producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Node>> consumers = new(StringComparer.Ordinal);
    private readonly HashSet<string> outputs;

    public GraphIndex(Graph graph)
    {
        outputs = graph.Outputs.ToHashSet(StringComparer.Ordinal);
        foreach (Node node in graph.Nodes)
        {
            foreach (string output in node.Outputs)
            {
                producers[output] = node;
            }

            foreach (string input in node.Inputs.Where(i => i.Length > 0))
            {
                if (!consumers.TryGetValue(input, out List<Node>? list))
                {
                    consumers[input] = list = [];
                }

                list.Add(node);
            }
        }
    }

    public Node? ProducerOf(string tensor) => producers.GetValueOrDefault(tensor);

    /// <summary>One entry per use, so a node that reads a tensor twice stands twice.</summary>
    public IReadOnlyList<Node> ConsumersOf(string tensor) => consumers.TryGetValue(tensor, out List<Node>? list) ? list : [];

    public bool IsOutput(string tensor) => outputs.Contains(tensor);

    /// <summary>Whether the tensor's value is needed at exactly one place.</summary>
    public bool IsUsedOnce(string tensor) => !IsOutput(tensor) && ConsumersOf(tensor).Count == 1;
}
