using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A product with a constant costs nothing where a neighbour can take it: one factor before a softmax becomes the softmax's
/// beta (in int8 part of its multiplier); factors behind a linear layer, directly or behind reshapes and transposes, go
/// into its weights and bias. So the scale of attention, wherever an exporter wrote it, vanishes.
/// </summary>
public sealed class FoldScale : IGraphPass
{
    public string Name => nameof(FoldScale);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes.Where(n => n.Operator is Mul))
        {
            for (int side = 0; side < 2; side++)
            {
                Tensor constant = rewrite.Graph[node.Inputs[1 - side]];
                bool keepsShape = rewrite.Graph[node.Inputs[side]].Shape == rewrite.Graph[node.Output].Shape;
                if (constant.Data is FloatData && keepsShape && (IntoSoftmax(rewrite, node, side, constant) || IntoLayer(rewrite, node, side, constant)))
                {
                    break;
                }
            }
        }
    }

    private static bool IntoSoftmax(GraphRewrite rewrite, Node node, int side, Tensor constant)
    {
        if (node.Operator is not Mul { Activation.IsNone: true }
            || constant.Shape.Elements != 1
            || !rewrite.Index.IsUsedOnce(node.Output)
            || rewrite.Index.ConsumersOf(node.Output)[0] is not { Operator: Softmax softmax } reader)
        {
            return false;
        }

        float beta = softmax.Beta * constant.Floats()[0];
        if (!(beta > 0 && float.IsFinite(beta)) || !rewrite.TryTake(node, reader))
        {
            return false;
        }

        rewrite.Remove(node);
        rewrite.Replace(reader, reader with { Operator = softmax with { Beta = beta }, Inputs = [node.Inputs[side]] });
        return true;
    }

    private static bool IntoLayer(GraphRewrite rewrite, Node node, int side, Tensor constant)
    {
        List<Node> moves = Moves(rewrite, node.Inputs[side]);
        string product = moves.Count == 0 ? node.Inputs[side] : moves[^1].Inputs[0];
        if (rewrite.Index.ProducerOf(product) is not { } producer
            || LinearNode.Of(rewrite.Graph, producer) is not { Activation.IsNone: true, HasConstantBias: true } layer
            || !rewrite.Index.IsUsedOnce(product)
            || Factors(constant, layer, moves.Count > 0) is not { } factors
            || !rewrite.TryTake([node, producer, .. moves]))
        {
            return false;
        }

        // A clamp fused into the product acts on the layer's output in the same way where nothing lies between.
        FusedActivation activation = ((Mul)node.Operator).Activation;
        Node scaled = Scaled(rewrite, layer, factors, activation);
        rewrite.Remove(node);
        if (moves.Count == 0)
        {
            rewrite.Replace(producer, scaled with { Outputs = node.Outputs });
            return true;
        }

        rewrite.Replace(producer, scaled);
        foreach (string changed in moves.Skip(1).Select(m => m.Output).Append(product))
        {
            rewrite.SetTensor(rewrite.Graph[changed] with { Source = null });
        }

        rewrite.Replace(moves[0], moves[0] with { Outputs = node.Outputs });
        return true;
    }

    /// <summary>Reshapes and transposes that write the tensor, the last one first; nothing else reads what they write.</summary>
    private static List<Node> Moves(GraphRewrite rewrite, string tensor)
    {
        var moves = new List<Node>();
        while (rewrite.Index.IsUsedOnce(tensor) && rewrite.Index.ProducerOf(tensor) is { Operator: Reshape or Transpose } move)
        {
            moves.Add(move);
            tensor = move.Inputs[0];
        }

        return moves;
    }

    private static double[]? Factors(Tensor constant, LinearNode layer, bool moved)
    {
        float[]? values = moved && constant.Shape.Elements != 1
            ? null
            : ConstantOperand.AlongAxis(constant, layer.OutputRank - layer.ChannelAxis, layer.Outputs);
        return values is null ? null : Array.ConvertAll(values, v => (double)v);
    }

    private static Node Scaled(GraphRewrite rewrite, LinearNode layer, double[] factors, FusedActivation activation)
    {
        string weights = rewrite.SetConstant(layer.Weights, Constants.ScaledRows(layer.Weights, factors), "scaled");
        EquatableArray<string> inputs = [layer.Node.Inputs[0], weights];
        if (layer.Bias is { } bias)
        {
            float[] values = [.. bias.Floats().Select((b, o) => (float)(b * factors[o]))];
            inputs = [.. inputs, rewrite.SetConstant(bias, Constants.Of(bias, bias.Shape, values), "scaled")];
        }

        return layer.Node with { Operator = layer.With(activation), Inputs = inputs };
    }
}
