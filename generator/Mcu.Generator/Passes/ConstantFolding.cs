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
    /// <summary>Bounds of what is computed at build time; larger nodes stay.</summary>
    private const long MaxElements = 1 << 24;

    private const long MaxMacs = 1L << 30;

    public string Name => nameof(ConstantFolding);

    public Graph Run(Graph graph, DiagnosticBag notes)
    {
        var index = new GraphIndex(graph);
        var tensors = graph.Tensors.ToDictionary(StringComparer.Ordinal);
        var renamed = new Dictionary<string, string>(StringComparer.Ordinal);
        var kept = new List<Node>();
        foreach (Node original in graph.Nodes)
        {
            Node node = original with { Inputs = original.Inputs.Select(i => renamed.GetValueOrDefault(i, i)).ToEquatableArray() };
            if (!CanFold(index, tensors, node))
            {
                kept.Add(node);
                continue;
            }

            Tensor folded = Compute(graph, tensors, node);
            string name = Moves(node) && index.IsUsedOnce(original.Inputs[0]) ? node.Inputs[0] : node.Output;
            Tensor from = tensors[node.Inputs[0]];
            tensors[name] = folded with { Name = name, Fold = Moves(node) ? from.Fold : null };
            renamed[node.Output] = name;
        }

        return kept.Count == graph.Nodes.Length
            ? graph
            : GraphRewrite.WithoutUnusedTensors(graph.With(kept, tensors.Values));
    }

    private static bool Moves(Node node) => node.Operator is Reshape or Transpose or Identity;

    private static bool CanFold(GraphIndex index, Dictionary<string, Tensor> tensors, Node node)
    {
        bool constant = node.Inputs.All(i => i.Length == 0 || tensors[i].IsConstant) && !node.Outputs.Any(index.IsOutput);
        bool computable = Moves(node) || node.Operator is Dequantize || node.Inputs.All(i => i.Length == 0 || tensors[i].Type == DataType.Float32);
        return constant
            && computable
            && node.Outputs.Length == 1
            && tensors[node.Output].Type != DataType.Int8
            && tensors[node.Output].Shape.Elements <= MaxElements;
    }

    private static Tensor Compute(Graph graph, Dictionary<string, Tensor> tensors, Node node)
    {
        Graph partial = graph.With([], tensors.Values);
        OperatorRoom room = OperatorCatalog.RoomOf(node.Operator);
        var view = new NodeView(partial, node);
        view.Require(room.Macs(view) <= MaxMacs, "MCU0640", "the node has only constant inputs and is too large to be computed at build time");
        Tensor output = tensors[node.Output];
        var run = new NodeRun(
            view,
            [.. node.Inputs.Select(i => i.Length == 0 ? null : TensorValue.Constant(tensors[i]))],
            [TensorValue.Create(output.Type, output.Shape)]);
        room.RunFloat(run);
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
