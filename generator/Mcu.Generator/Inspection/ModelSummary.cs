using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Inspection;

/// <summary>A tensor in words.</summary>
/// <param name="Type"><c>float32</c>, <c>int8</c> and so on.</param>
/// <param name="Scale">Of a tensor that is quantised as a whole; null otherwise.</param>
public sealed record TensorSummary(string Name, string Type, IReadOnlyList<int> Shape, float? Scale, int? ZeroPoint)
{
    public static TensorSummary Of(Tensor tensor)
    {
        Quantization? whole = tensor.Quantization?.IsPerChannel == false ? tensor.Quantization : null;
        return new TensorSummary(tensor.Name, TypeName(tensor.Type), [.. tensor.Shape.Dims], whole?.Scale, whole?.ZeroPoint);
    }

    public static string TypeName(DataType type) => type.ToString().ToLowerInvariant();
}

/// <summary>One node of a model as it was read.</summary>
/// <param name="Operator">Name in lower snake case, as of the kernel folders.</param>
/// <param name="OutputShape">Shape of the first output.</param>
/// <param name="Parameters">Elements of its constant inputs.</param>
/// <param name="Weights">Name of its first constant input, which adapters may be bound by; empty when there is none.</param>
public sealed record NodeSummary(
    string Name, string Operator, IReadOnlyList<int> InputShape, IReadOnlyList<int> OutputShape, string OutputType, long Macs, long Parameters, string Weights);

/// <summary>A model file in words.</summary>
public sealed record ModelSummary(
    string File,
    string Format,
    string Sha256,
    bool Int8,
    IReadOnlyList<TensorSummary> Inputs,
    IReadOnlyList<TensorSummary> Outputs,
    long Macs,
    long Parameters,
    IReadOnlyList<NodeSummary> Nodes)
{
    public static ModelSummary Of(Graph graph)
    {
        NodeSummary[] nodes = [.. graph.Nodes.Select(node => Node(graph, node))];
        return new ModelSummary(
            graph.Source.FileName,
            graph.Source.Format.ToString().ToLowerInvariant(),
            graph.Source.Sha256,
            graph.IsInt8,
            [.. graph.Inputs.Select(name => TensorSummary.Of(graph[name]))],
            [.. graph.Outputs.Select(name => TensorSummary.Of(graph[name]))],
            nodes.Sum(node => node.Macs),
            graph.Tensors.Values.Where(tensor => tensor.IsConstant).Sum(tensor => (long)tensor.Data!.Length),
            nodes);
    }

    private static NodeSummary Node(Graph graph, Node node)
    {
        OperatorRoom room = OperatorCatalog.RoomOf(node.Operator);
        Tensor[] constants = [.. node.Inputs.Where(name => name.Length > 0).Select(name => graph[name]).Where(tensor => tensor.IsConstant)];
        return new NodeSummary(
            node.Name,
            room.Name,
            [.. graph.InputOf(node, 0)?.Shape.Dims ?? []],
            [.. graph[node.Output].Shape.Dims],
            TensorSummary.TypeName(graph[node.Output].Type),
            room.Macs(new NodeView(graph, node)),
            constants.Sum(tensor => (long)tensor.Data!.Length),
            constants.FirstOrDefault()?.Name ?? "");
    }
}
