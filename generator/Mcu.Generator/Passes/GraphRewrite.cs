using System.Collections.Immutable;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>
/// One sweep of local replacements over a graph. Matches are made against the graph as it was; a node takes part in one
/// replacement at most, so replacements cannot contradict each other.
/// </summary>
internal sealed class GraphRewrite(Graph graph)
{
    private readonly Dictionary<string, IReadOnlyList<Node>> replacements = new(StringComparer.Ordinal);
    private readonly HashSet<string> fixedNodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> renamed = new(StringComparer.Ordinal);
    private readonly HashSet<string> takenNodeNames = graph.Nodes.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> changed = new(StringComparer.Ordinal);

    public Graph Graph { get; } = graph;

    public GraphIndex Index { get; } = new(graph);

    public bool HasChanges => replacements.Count > 0 || renamed.Count > 0;

    /// <summary>Runs sweeps until one finds nothing to do.</summary>
    public static Graph ToFixpoint(Graph graph, Action<GraphRewrite> sweep)
    {
        while (true)
        {
            var rewrite = new GraphRewrite(graph);
            sweep(rewrite);
            if (!rewrite.HasChanges)
            {
                return graph;
            }

            graph = rewrite.Build();
        }
    }

    /// <summary>Reserves the nodes for one replacement; false when another already has one of them.</summary>
    public bool TryTake(params ReadOnlySpan<Node> nodes)
    {
        foreach (Node node in nodes)
        {
            if (fixedNodes.Contains(node.Name))
            {
                return false;
            }
        }

        foreach (Node node in nodes)
        {
            fixedNodes.Add(node.Name);
        }

        return true;
    }

    /// <summary>Puts nodes in the place of one.</summary>
    public void Replace(Node old, params IReadOnlyList<Node> nodes) => replacements[old.Name] = nodes;

    public void Remove(Node old) => replacements[old.Name] = [];

    /// <summary>Every reader of one tensor reads another.</summary>
    public void RenameUses(string from, string to) => renamed[from] = to;

    public void SetTensor(Tensor tensor) => changed[tensor.Name] = tensor;

    /// <summary>
    /// Gives a node a changed form of one of its constants: under the constant's own name when the node alone uses it,
    /// otherwise under a new one. Returns the name.
    /// </summary>
    public string SetConstant(Tensor original, Tensor modified, string suffix)
    {
        string name = Index.IsUsedOnce(original.Name) ? original.Name : FreshTensor($"{original.Name}/{suffix}");
        SetTensor(modified with { Name = name });
        return name;
    }

    public string FreshTensor(string name) => Free(name, n => Graph.Tensors.ContainsKey(n) || changed.ContainsKey(n));

    public string FreshNode(string name)
    {
        string free = Free(name, takenNodeNames.Contains);
        takenNodeNames.Add(free);
        return free;
    }

    public Graph Build()
    {
        IEnumerable<Node> nodes = Graph.Nodes.SelectMany(n => replacements.TryGetValue(n.Name, out IReadOnlyList<Node>? r) ? r : [n]);
        Graph next = Graph.With(nodes.Select(Renamed), changed.Values);
        return WithoutUnusedTensors(next);
    }

    /// <summary>Drops tensors that neither a node nor the graph's interface names.</summary>
    public static Graph WithoutUnusedTensors(Graph graph)
    {
        var used = graph.Inputs.Concat(graph.Outputs).ToHashSet(StringComparer.Ordinal);
        foreach (Node node in graph.Nodes)
        {
            used.UnionWith(node.Inputs);
            used.UnionWith(node.Outputs);
        }

        ImmutableDictionary<string, Tensor> tensors = graph.Tensors.RemoveRange(graph.Tensors.Keys.Where(k => !used.Contains(k)));
        return graph with { Tensors = tensors };
    }

    private static string Free(string name, Func<string, bool> taken)
    {
        string free = name;
        for (int i = 2; taken(free); i++)
        {
            free = $"{name}{i}";
        }

        return free;
    }

    private Node Renamed(Node node) => renamed.Count == 0 || !node.Inputs.Any(renamed.ContainsKey)
        ? node
        : node with { Inputs = node.Inputs.Select(Target).ToEquatableArray() };

    private string Target(string name)
    {
        while (renamed.TryGetValue(name, out string? next))
        {
            name = next;
        }

        return name;
    }
}
