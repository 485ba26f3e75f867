using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A grouped convolution (NHWC, constant weights <c>[O,KH,KW,I/groups]</c>) becomes one over all channels, <c>[O,KH,KW,I]</c>, with
/// zeros for the channels of other groups: the same sums, for bytes and multiplications that a note states. Depthwise
/// convolutions have kernels of their own and stay.
/// </summary>
public sealed class ExpandGroups : IGraphPass
{
    /// <summary>More weights than these fit no microcontroller; the convolution stays grouped and is refused where it has no kernel.</summary>
    private const long MostWeights = 1 << 26;

    public string Name => nameof(ExpandGroups);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, r => Sweep(r, notes));

    private static void Sweep(GraphRewrite rewrite, DiagnosticBag notes)
    {
        foreach (Node node in rewrite.Graph.Nodes)
        {
            if (node.Operator is Conv2D { Groups: > 1, Layout: Layout.Nhwc } conv
                && rewrite.Graph.InputOf(node, 1) is { Data: FloatData or Int8Data } weights
                && weights.Shape.Elements * conv.Groups <= MostWeights
                && rewrite.TryTake(node))
            {
                Tensor dense = Dense(weights, conv.Groups);
                string name = rewrite.SetConstant(weights, dense, "dense");
                rewrite.Replace(node, node with { Operator = conv with { Groups = 1 }, Inputs = [node.Inputs[0], name, .. node.Inputs.Skip(2)] });
                notes.Note(
                    "MCU0660",
                    $"The {conv.Groups} groups of the convolution are computed as one with zeros between them: {dense.Shape.Elements} bytes of int8 weights instead of {weights.Shape.Elements}.",
                    $"{rewrite.Graph.Source.FileName}: node '{node.Name}'",
                    "Train it with one group, or as depthwise convolution, where flash is short.");
            }
        }
    }

    private static Tensor Dense(Tensor weights, int groups)
    {
        Shape s = weights.Shape;
        TensorData data = weights.Data switch
        {
            FloatData d => new FloatData(EquatableArray.Wrap(GroupedWeights.Dense(d.Values.Span, s[0], s[1] * s[2], s[3], groups))),
            Int8Data d => new Int8Data(EquatableArray.Wrap(GroupedWeights.Dense(d.Values.Span, s[0], s[1] * s[2], s[3], groups))),
            _ => throw new InvalidOperationException("Weights are float or int8."),
        };
        return Constants.WithGroups(weights with { Shape = new Shape(s[0], s[1], s[2], s[3] * groups), Data = data }, groups);
    }
}
