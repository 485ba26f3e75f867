using Mcu.Generator.Graphs;

namespace Mcu.Generator.Adapters.Structural;

/// <summary>A graph while nodes are added to it.</summary>
internal sealed class GraphEdit
{
    private readonly Graph graph;
    private readonly List<Node> nodes;
    private readonly Dictionary<string, Tensor> tensors;

    public GraphEdit(Graph graph)
    {
        this.graph = graph;
        nodes = [.. graph.Nodes];
        tensors = graph.Tensors.ToDictionary(StringComparer.Ordinal);
    }

    public IReadOnlyList<Node> Nodes => nodes;

    public Tensor this[string name] => tensors[name];

    /// <summary>Adds a constant and returns its name.</summary>
    public string Constant(string name, Shape shape, EquatableArray<float> values) => Add(new Tensor(name, DataType.Float32, shape) { Data = new FloatData(values) });

    /// <summary>Adds an activation that no file has and returns its name.</summary>
    public string Activation(string name, Shape shape) => Add(new Tensor(name, DataType.Float32, shape));

    /// <summary>Adds a tensor under its own name, or one like it, and returns that.</summary>
    public string Add(Tensor tensor)
    {
        string name = Free(tensor.Name, tensors.ContainsKey);
        tensors.Add(name, tensor with { Name = name });
        return name;
    }

    public void Set(Tensor tensor) => tensors[tensor.Name] = tensor;

    /// <summary>A node of this name, or one like it.</summary>
    public Node Node(string name, Operators.Operator op, EquatableArray<string> inputs, string output) =>
        new(Free(name, n => nodes.Exists(x => x.Name == n)), op, inputs, [output]);

    /// <summary>Index of the node that writes the tensor; −1 for an input or a constant.</summary>
    public int ProducerOf(string tensor) => nodes.FindIndex(n => n.Outputs.Contains(tensor));

    /// <summary>Puts a node right behind the one that writes a tensor.</summary>
    public void InsertAfter(string tensor, Node node) => nodes.Insert(ProducerOf(tensor) + 1, node);

    public void Replace(int index, Node node) => nodes[index] = node;

    /// <summary>Every node that reads one tensor reads another, but for the one that makes the other of it.</summary>
    public void RenameUses(string from, string to)
    {
        for (int i = 0; i < nodes.Count; i++)
        {
            if (nodes[i].Output != to)
            {
                RenameInput(i, from, to);
            }
        }
    }

    public void RenameInput(int index, string from, string to) =>
        nodes[index] = nodes[index] with { Inputs = nodes[index].Inputs.Select(n => n == from ? to : n).ToEquatableArray() };

    public Graph Build() => GraphValidator.Validate(Passes.GraphRewrite.WithoutUnusedTensors(graph with
    {
        Nodes = nodes.ToEquatableArray(),
        Tensors = System.Collections.Immutable.ImmutableDictionary.CreateRange(StringComparer.Ordinal, tensors),
    }));

    private static string Free(string name, Func<string, bool> taken)
    {
        string free = name;
        for (int i = 2; taken(free); i++)
        {
            free = $"{name}{i}";
        }

        return free;
    }
}
