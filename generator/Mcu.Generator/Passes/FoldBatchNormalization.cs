using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// Folds a batch normalisation into the convolution or fully connected layer before it: weights times
/// <c>scale/sqrt(variance + epsilon)</c> per output channel. The initializers keep their names, and the weights record
/// the factors (<see cref="WeightFold"/>), so that adapters of the source's weights can follow.
/// </summary>
public sealed class FoldBatchNormalization : IGraphPass
{
    public string Name => nameof(FoldBatchNormalization);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, r => Sweep(r, notes));

    private static void Sweep(GraphRewrite rewrite, DiagnosticBag notes)
    {
        Graph graph = rewrite.Graph;
        foreach (Node node in graph.Nodes.Where(n => n.Operator is BatchNormalization))
        {
            if (BatchAffine.Of(graph, node) is { } affine
                && rewrite.Index.ProducerOf(node.Inputs[0]) is { } layer
                && LinearNode.Of(graph, layer) is { Activation.IsNone: true, HasConstantBias: true } linear
                && linear.ChannelAxis == 1
                && rewrite.Index.IsUsedOnce(node.Inputs[0])
                && rewrite.TryTake(node, layer))
            {
                Fold(rewrite, node, linear, affine);
                notes.Note(
                    "MCU0650",
                    $"Batch normalisation '{node.Name}' is folded into the weights '{linear.Weights.Name}'.",
                    $"{graph.Source.FileName}: node '{layer.Name}'");
            }
        }
    }

    private static void Fold(GraphRewrite rewrite, Node node, LinearNode linear, BatchAffine affine)
    {
        Tensor scaled = Constants.ScaledRows(linear.Weights, affine.Factors, affine.Offsets);
        Tensor recorded = Constants.WithNormalization(Constants.WithForeignBias(scaled, node.Inputs[2]), affine.Normalization);
        string weights = rewrite.SetConstant(linear.Weights, recorded, "folded");
        float[]? before = linear.Bias?.Floats();
        float[] values = [.. affine.Factors.Select((f, o) => (float)((f * (before?[o] ?? 0)) + affine.Offsets[o]))];

        // Without a bias of its own the layer takes the normalisation's, whose place the new one has.
        Tensor name = linear.Bias ?? rewrite.Graph[node.Inputs[2]];
        string bias = rewrite.SetConstant(name, Constants.Of(name, new Shape(values.Length), values), "folded");
        rewrite.Replace(linear.Node, linear.Node with { Inputs = [linear.Node.Inputs[0], weights, bias], Outputs = node.Outputs });
        rewrite.Remove(node);
    }
}
