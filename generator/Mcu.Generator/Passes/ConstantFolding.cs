using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// Computes nodes whose inputs are all constant. A constant that is only moved (reshape, transpose, identity) keeps its
/// own name, because adapters bind to it.
/// </summary>
public sealed class ConstantFolding : IGraphPass
{
    /// <summary>Bounds of what is computed at build time, over all nodes; what lies beyond stays in the graph.</summary>
    private const long MaxElements = 1 << 25;

    private const long MaxMacs = 1L << 31;

    public string Name => nameof(ConstantFolding);

    public Graph Run(Graph graph, DiagnosticBag notes)
    {
        var index = new GraphIndex(graph);
        var renamed = new Dictionary<string, string>(StringComparer.Ordinal);
        var kept = new List<Node>();
        long elements = 0;
        long macs = 0;
        Graph current = graph;
        foreach (Node original in graph.Nodes)
        {
            Node node = original with { Inputs = original.Inputs.Select(i => renamed.GetValueOrDefault(i, i)).ToEquatableArray() };
            var view = new NodeView(current, node);
            if (!CanFold(index, view)
                || (elements += view.Output.Shape.Elements) > MaxElements
                || (macs += OperatorCatalog.RoomOf(node.Operator).Macs(view)) > MaxMacs)
            {
                kept.Add(node);
                continue;
            }

            bool keepsName = Moves(node) && index.IsUsedOnce(original.Inputs[0]);
            Tensor folded = Compute(view) with { Name = keepsName ? node.Inputs[0] : node.Output, Fold = Moves(node) ? view.Input(0).Fold : null };
            renamed[node.Output] = folded.Name;
            current = current.With([], [folded]);
        }

        return kept.Count == graph.Nodes.Length ? graph : GraphRewrite.WithoutUnusedTensors(current.With(kept));
    }

    private static bool Moves(Node node) => node.Operator is Reshape or Transpose or Identity;

    private static bool CanFold(GraphIndex index, NodeView view)
    {
        Node node = view.Node;
        Tensor[] inputs = [.. node.Inputs.Where(i => i.Length > 0).Select(i => view.Graph[i])];
        return inputs.All(i => i.IsConstant)
            && node.Outputs.Length == 1
            && !index.IsOutput(node.Output)
            && view.Output.Type != DataType.Int8
            && (Moves(node) || node.Operator is Dequantize || inputs.All(i => i.Type == DataType.Float32));
    }

    private static Tensor Compute(NodeView view)
    {
        Tensor output = view.Output;
        var run = new NodeRun(
            view,
            [.. view.Node.Inputs.Select(i => i.Length == 0 ? null : TensorValue.Constant(view.Graph[i]))],
            [TensorValue.Create(output.Type, output.Shape)]);
        OperatorCatalog.RoomOf(view.Node.Operator).RunFloat(run);
        return output with { Data = Data(run.Output), Source = null };
    }

    private static TensorData Data(TensorValue value) => value.Type switch
    {
        DataType.Float32 => new FloatData(EquatableArray.Wrap(value.Floats)),
        DataType.Int16 => new Int16Data(EquatableArray.Wrap(value.Int16)),
        DataType.Int32 => new Int32Data(EquatableArray.Wrap(value.Int32)),
        _ => new Int64Data(EquatableArray.Wrap(value.Int64)),
    };
}
