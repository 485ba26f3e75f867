using System.Collections.Immutable;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Graphs;

/// <summary>One operator application.</summary>
/// <param name="Name">Unique in the graph; the source's node name, or made from its first output.</param>
/// <param name="Operator">The operator with its attributes.</param>
/// <param name="Inputs">Tensor names in the operator's order; empty text for an absent optional input.</param>
/// <param name="Outputs">Tensor names.</param>
public sealed record Node(string Name, Operator Operator, EquatableArray<string> Inputs, EquatableArray<string> Outputs)
{
    /// <summary>The first output; every operator has one.</summary>
    public string Output => Outputs[0];
}

/// <summary>Which framework's file a graph was read from; it decides rounding (numerics contract, DESIGN.md).</summary>
public enum SourceFormat
{
    Tflite,
    Onnx,
}

/// <summary>The file a graph was read from.</summary>
/// <param name="FileName">File name without its folder (folders never reach emitted code).</param>
/// <param name="Format">Framework.</param>
/// <param name="Sha256">Hash of the file, lower-case hexadecimal.</param>
public sealed record ModelSource(string FileName, SourceFormat Format, string Sha256);

/// <summary>
/// A network: nodes in execution order over named tensors. Immutable; passes are functions from graph to graph.
/// </summary>
/// <param name="Nodes">In an order in which every input is ready.</param>
/// <param name="Tensors">Every tensor by name: inputs, activations and constants.</param>
/// <param name="Inputs">Names of the graph's inputs (activations only).</param>
/// <param name="Outputs">Names of the graph's outputs.</param>
public sealed record Graph(
    ModelSource Source,
    EquatableArray<Node> Nodes,
    ImmutableDictionary<string, Tensor> Tensors,
    EquatableArray<string> Inputs,
    EquatableArray<string> Outputs)
{
    public Tensor this[string name] => Tensors[name];

    /// <summary>The tensor at input <paramref name="index"/> of a node, or null when it is absent.</summary>
    public Tensor? InputOf(Node node, int index) =>
        index < node.Inputs.Length && node.Inputs[index].Length > 0 ? Tensors[node.Inputs[index]] : null;

    /// <summary>Nodes that read the tensor.</summary>
    public IEnumerable<Node> ConsumersOf(string tensor) => Nodes.Where(n => n.Inputs.Contains(tensor));

    /// <summary>The node that writes the tensor, or null for an input or a constant.</summary>
    public Node? ProducerOf(string tensor) => Nodes.FirstOrDefault(n => n.Outputs.Contains(tensor));

    /// <summary>Whether the graph computes in int8 (its compute nodes read and write int8 activations).</summary>
    public bool IsInt8 => Tensors[Outputs[0]].Type == DataType.Int8 || Nodes.Any(n => Tensors[n.Output].Type == DataType.Int8);

    public Graph With(IEnumerable<Node> nodes, IEnumerable<Tensor>? changedTensors = null)
    {
        ImmutableDictionary<string, Tensor> tensors = Tensors;
        if (changedTensors is not null)
        {
            tensors = tensors.SetItems(changedTensors.Select(t => KeyValuePair.Create(t.Name, t)));
        }

        return this with { Nodes = nodes.ToEquatableArray(), Tensors = tensors };
    }
}
