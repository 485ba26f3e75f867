using System.Collections.Immutable;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Structural;

namespace Mcu.Generator.Adapters.Structural;

/// <summary>Finds the tensors that parts of an adapter name.</summary>
/// <param name="asRead">The graph with the file's own nodes.</param>
/// <param name="graph">The graph that is rewritten, in which layers have taken up their biases.</param>
/// <param name="adapter">The adapter's name, for messages.</param>
/// <param name="moved">What parts that were added put in the place of tensors.</param>
internal sealed class StructuralPlaces(Graph asRead, Graph graph, string adapter, ImmutableDictionary<string, string> moved)
{
    private const int Listed = 6;

    public Graph Graph => graph;

    /// <summary>After one more part: whoever names the first tensor means the second one from now on.</summary>
    public StructuralPlaces With(Graph changed, string from, string to) => new(asRead, changed, adapter, from == to ? moved : moved.SetItem(from, to));

    /// <summary>
    /// The activation that is named, or that the named node or the layer of the named weights writes; a node of the file that was
    /// fused into another one counts as far as its output is still there. MCU0661 otherwise.
    /// </summary>
    public Tensor Output(StructuralPart part, string name)
    {
        Node[] layers = [.. graph.Nodes.Where(n => n.Inputs.Contains(name) && graph[name].IsConstant)];
        string? found = graph.Nodes.FirstOrDefault(n => n.Name == name)?.Output
            ?? (graph.Tensors.TryGetValue(name, out Tensor? tensor) && !tensor.IsConstant ? name : null)
            ?? (layers.Length == 1 ? layers[0].Output : null)
            ?? asRead.Nodes.FirstOrDefault(n => n.Name == name)?.Output;
        while (found is not null && moved.TryGetValue(found, out string? next))
        {
            found = next;
        }

        return found is not null && graph.Tensors.TryGetValue(found, out Tensor? output) ? output : throw Unknown(part, name);
    }

    /// <summary>An error that names the adapter's part.</summary>
    public DiagnosticException Error(StructuralPart part, string code, string message, string hint = "") =>
        new(code, message + ".", $"{adapter}: '{Names.Short(part.Name)}'", hint);

    public void Require(StructuralPart part, bool condition, string code, string message, string hint = "")
    {
        if (!condition)
        {
            throw Error(part, code, message, hint);
        }
    }

    private DiagnosticException Unknown(StructuralPart part, string name)
    {
        string[] closest = [.. graph.Nodes.Select(n => n.Name).OrderBy(n => BindingCandidates.Distance(name, n))];
        bool fused = asRead.Nodes.Any(n => n.Name == name || n.Outputs.Contains(name));
        string why = fused ? "lies inside an operator that the compiler takes as one" : "is no node, tensor or weight of the base";
        return Error(part, "MCU0661", $"'{Names.Short(name)}' {why}. Nodes: {Names.List(closest, Listed)}", "'mcu inspect' lists the nodes of the base.");
    }
}
