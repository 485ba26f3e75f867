using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// An addition of one constant per output channel after a fully connected layer or convolution becomes its bias.
/// </summary>
public sealed class FoldBias : IGraphPass
{
    public string Name => nameof(FoldBias);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node add in rewrite.Graph.Nodes.Where(n => n.Operator is Add))
        {
            if (!TryFold(rewrite, add, 0))
            {
                TryFold(rewrite, add, 1);
            }
        }
    }

    /// <param name="side">Which input of the addition comes from the layer.</param>
    private static bool TryFold(GraphRewrite rewrite, Node add, int side)
    {
        string product = add.Inputs[side];
        Graph graph = rewrite.Graph;
        if (graph[add.Inputs[1 - side]] is not { Data: FloatData } constant
            || rewrite.Index.ProducerOf(product) is not { } layer
            || LinearNode.Of(graph, layer) is not { Activation.IsNone: true } linear
            || !linear.HasConstantBias
            || graph[product].Shape != graph[add.Output].Shape
            || !rewrite.Index.IsUsedOnce(product)
            || ConstantOperand.AlongAxis(constant, linear.OutputRank - linear.ChannelAxis, linear.Outputs) is not { } values
            || !rewrite.TryTake(add, layer))
        {
            return false;
        }

        rewrite.Replace(layer, WithAddend(rewrite, linear, constant, values) with { Operator = linear.With(((Add)add.Operator).Activation), Outputs = add.Outputs });
        rewrite.Remove(add);
        return true;
    }

    /// <summary>The layer's node with a constant added to its bias; the weights record what an adapter needs to know of it.</summary>
    internal static Node WithAddend(GraphRewrite rewrite, LinearNode linear, Tensor constant, float[] values)
    {
        string bias = linear.Bias is null
            ? rewrite.SetConstant(constant, Constants.Of(constant, new Shape(values.Length), values), "bias")
            : rewrite.SetConstant(linear.Bias, Constants.Of(linear.Bias, linear.Bias.Shape, [.. linear.Bias.Floats().Zip(values, (a, b) => a + b)]), "bias");
        Tensor weights = linear.Weights;
        string name = weights.Name;
        if (linear.Bias is not null || weights.Fold is { RowScale.Length: > 0 })
        {
            double[] one = [.. values.Select(_ => 1.0)];
            Tensor recorded = weights with { Fold = Constants.ScaledRows(weights, one, [.. values.Select(v => (double)v)]).Fold };
            recorded = Constants.WithForeignBias(recorded, constant.Name);
            name = rewrite.SetConstant(weights, recorded, "weights");
        }

        return linear.Node with { Inputs = [linear.Node.Inputs[0], name, bias] };
    }
}
