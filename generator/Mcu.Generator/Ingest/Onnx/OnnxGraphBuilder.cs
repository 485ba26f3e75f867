using System.Collections.Immutable;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>
/// Grows a graph node by node while a file is read: known tensors with inferred shapes, constants decoded when they are
/// first used.
/// </summary>
internal sealed class OnnxGraphBuilder(ModelSource source, DiagnosticBag notes)
{
    private readonly Dictionary<string, TensorProto> undecoded = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> decoded = new(StringComparer.Ordinal);
    private readonly HashSet<string> written = new(StringComparer.Ordinal);
    private readonly List<Node> nodes = [];
    private readonly List<string> inputs = [];
    private ImmutableDictionary<string, Tensor> tensors = ImmutableDictionary<string, Tensor>.Empty.WithComparers(StringComparer.Ordinal);
    private HashSet<string> announced = [];
    private HashSet<string> consumed = [];

    public ModelSource Source { get; } = source;

    public DiagnosticBag Notes { get; } = notes;

    /// <summary>
    /// Names that some node of the file writes, which tells a cycle from a missing tensor, and names that are read,
    /// which tells outputs that matter.
    /// </summary>
    public void Announce(GraphProto graph)
    {
        announced = graph.Node.SelectMany(n => n.Output).ToHashSet(StringComparer.Ordinal);
        consumed = graph.Node.SelectMany(n => n.Input).Concat(graph.Output.Select(o => o.Name)).ToHashSet(StringComparer.Ordinal);
    }

    public void AddInput(Tensor input)
    {
        Claim(input.Name, $"{Source.FileName}: input '{input.Name}'");
        tensors = tensors.Add(input.Name, input);
        inputs.Add(input.Name);
    }

    public void AddConstant(string name, TensorProto proto, string place)
    {
        Claim(name, place);
        undecoded.Add(name, proto);
    }

    /// <summary>A constant computed while reading.</summary>
    public void AddConstant(OnnxNode node, Tensor tensor)
    {
        Claim(tensor.Name, Place(node));
        decoded.Add(tensor.Name, tensor);
    }

    /// <summary>A float constant that the file holds in another form, under the node's name with a suffix; returns its name.</summary>
    public string AddFloats(OnnxNode node, string suffix, Shape shape, float[] values)
    {
        string name = Free($"{node.Name}/{suffix}");
        AddConstant(node, new Tensor(name, DataType.Float32, shape) { Data = new FloatData(EquatableArray.Wrap(values)) });
        return name;
    }

    public bool IsConstant(string name) => undecoded.ContainsKey(name) || decoded.ContainsKey(name);

    /// <summary>The tensor at a required input.</summary>
    public Tensor Input(OnnxNode node, int index) =>
        OptionalInput(node, index) ?? throw node.Error("MCU0321", $"input {index} is missing");

    public Tensor? OptionalInput(OnnxNode node, int index)
    {
        string name = node.InputName(index);
        if (name.Length == 0)
        {
            return null;
        }

        Tensor? tensor = Constant(name) ?? tensors.GetValueOrDefault(name);
        if (tensor is not null)
        {
            return tensor;
        }

        throw announced.Contains(name)
            ? node.Error("MCU0310", $"input '{name}' is written only by this node or a later one", "The graph has a cycle or is not sorted; export it again.")
            : node.Error("MCU0310", $"input '{name}' does not exist", "The file is damaged; export it again.");
    }

    /// <summary>The integers of a constant input, or null when the input is absent.</summary>
    public long[]? OptionalIntegers(OnnxNode node, int index)
    {
        if (OptionalInput(node, index) is not { } tensor)
        {
            return null;
        }

        return OnnxTensors.Integers(tensor)
            ?? throw node.Error("MCU0319", $"input '{tensor.Name}' must be a constant of integers", "Export with fixed shapes (static input size, constant folding on).");
    }

    /// <summary>The single value of a constant float input, or null when the input is absent.</summary>
    public float? OptionalScalar(OnnxNode node, int index)
    {
        if (OptionalInput(node, index) is not { } tensor)
        {
            return null;
        }

        return tensor.Data is FloatData { Length: 1 } data
            ? data.Values[0]
            : throw node.Error("MCU0319", $"input '{tensor.Name}' must be a constant with one float");
    }

    /// <summary>Adds the operator as the node itself: it writes the node's first output.</summary>
    public void Add(OnnxNode node, Operator op, params ReadOnlySpan<string> inputNames) => AddLast(node, node.Name, op, inputNames);

    /// <summary>Adds the operator that writes the node's output, when the node's name went to an operator before it.</summary>
    public void AddTail(OnnxNode node, string suffix, Operator op, params ReadOnlySpan<string> inputNames) =>
        AddLast(node, Free($"{node.Name}/{suffix}"), op, inputNames);

    /// <summary>Adds an operator under the node's own name that does not yet write the node's output; returns its output.</summary>
    public Tensor AddHead(OnnxNode node, string suffix, Operator op, params ReadOnlySpan<string> inputNames) =>
        Append(node, node.Name, op, inputNames, Free($"{node.Name}/{suffix}"));

    /// <summary>Adds an operator that the file does not have, under the node's name with a suffix; returns its output.</summary>
    public Tensor AddHelper(OnnxNode node, string suffix, Operator op, params ReadOnlySpan<string> inputNames)
    {
        string name = Free($"{node.Name}/{suffix}");
        return Append(node, name, op, inputNames, name);
    }

    /// <summary>The finished graph; outputs must be computed by nodes.</summary>
    public Graph Build(IEnumerable<string> outputs)
    {
        EquatableArray<string> names = outputs.ToEquatableArray();
        foreach (string output in names)
        {
            bool computed = tensors.TryGetValue(output, out Tensor? tensor) && !tensor.IsConstant && !inputs.Contains(output);
            if (!computed)
            {
                throw new DiagnosticException("MCU0322", "The graph's output is not computed by a node.", $"{Source.FileName}: output '{output}'", "Export the model again.");
            }
        }

        if (names.Distinct(StringComparer.Ordinal).Count() != names.Length)
        {
            throw new DiagnosticException("MCU0309", "The graph names an output twice.", Source.FileName);
        }

        return new Graph(Source, nodes.ToEquatableArray(), tensors, inputs.ToEquatableArray(), names);
    }

    private void AddLast(OnnxNode node, string name, Operator op, ReadOnlySpan<string> inputNames)
    {
        node.Require(node.Proto.Output.Count > 0 && node.Proto.Output[0].Length > 0, "MCU0321", "the node has no output");
        for (int i = 1; i < node.Proto.Output.Count; i++)
        {
            node.Require(!consumed.Contains(node.Proto.Output[i]) || node.Proto.Output[i].Length == 0, "MCU0321", $"output {i} ('{node.Proto.Output[i]}') is not supported", "Export for inference.");
        }

        string output = node.Proto.Output[0];
        Tensor tensor = Append(node, name, op, inputNames, output);
        tensors = tensors.SetItem(output, tensor with { Source = new TensorSource(output, []) });
    }

    private Tensor Append(OnnxNode node, string name, Operator op, ReadOnlySpan<string> inputNames, string output)
    {
        Claim(output, Place(node));
        foreach (string input in inputNames)
        {
            if (input.Length > 0 && !tensors.ContainsKey(input) && Constant(input) is { } constant)
            {
                tensors = tensors.Add(input, constant);
            }
        }

        var added = new Node(name, op, EquatableArray.Create(inputNames), [output]);
        var partial = new Graph(Source, [], tensors, [], []);
        OutputType type = OperatorCatalog.RoomOf(op).Infer(new NodeView(partial, added))[0];
        var tensor = new Tensor(output, type.Type, type.Shape);
        tensors = tensors.Add(output, tensor);
        nodes.Add(added);
        return tensor;
    }

    private Tensor? Constant(string name)
    {
        if (!decoded.TryGetValue(name, out Tensor? tensor) && undecoded.TryGetValue(name, out TensorProto? proto))
        {
            tensor = OnnxTensors.Decode(proto, name, Source.FileName, Notes);
            decoded.Add(name, tensor);
        }

        return tensor;
    }

    private string Free(string name)
    {
        string free = name;
        for (int i = 2; written.Contains(free) || announced.Contains(free); i++)
        {
            free = $"{name}{i}";
        }

        return free;
    }

    private void Claim(string name, string place)
    {
        if (!written.Add(name))
        {
            throw new DiagnosticException("MCU0309", $"The name '{name}' is given to two tensors.", place, "Every tensor needs its own name; export the model again.");
        }
    }

    private string Place(OnnxNode node) => $"{Source.FileName}: node '{node.Name}'";
}
