using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// Gemm with constant B becomes a fully connected layer, weights <c>[O,K]</c>. Alpha and beta are folded into weights and
/// bias; a C that is not one value per output stays as an addition.
/// </summary>
public sealed class GemmToFullyConnected : IGraphPass
{
    public string Name => nameof(GemmToFullyConnected);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes)
        {
            if (node.Operator is Gemm { TransposeA: false } gemm
                && rewrite.Graph.InputOf(node, 1) is { Data: FloatData } b
                && Addend(rewrite.Graph, node, gemm) is { } addend
                && rewrite.TryTake(node))
            {
                Rewrite(rewrite, node, gemm, b, addend);
            }
        }
    }

    private static void Rewrite(GraphRewrite rewrite, Node node, Gemm gemm, Tensor b, AddendKind addend)
    {
        string? scaledBias = addend == AddendKind.Bias && (gemm.Alpha != 1 || gemm.Beta != 1) ? node.Inputs[2] : null;
        string weights = Weights(rewrite, gemm, b, scaledBias);
        if (addend == AddendKind.Separate)
        {
            string product = rewrite.FreshTensor($"{node.Output}/product");
            rewrite.SetTensor(rewrite.Graph[node.Output] with { Name = product, Source = null });
            rewrite.Replace(
                node,
                new Node(node.Name, new FullyConnected(FusedActivation.None), [node.Inputs[0], weights], [product]),
                new Node(rewrite.FreshNode($"{node.Name}/add"), new Add(FusedActivation.None), [product, node.Inputs[2]], node.Outputs));
            return;
        }

        EquatableArray<string> inputs = addend == AddendKind.None
            ? [node.Inputs[0], weights]
            : [node.Inputs[0], weights, Bias(rewrite, gemm, rewrite.Graph[node.Inputs[2]], rewrite.Graph[node.Output].Shape[1])];
        rewrite.Replace(node, new Node(node.Name, new FullyConnected(FusedActivation.None), inputs, node.Outputs));
    }

    private static string Weights(GraphRewrite rewrite, Gemm gemm, Tensor b, string? scaledBias)
    {
        if (gemm.TransposeB && gemm.Alpha == 1 && scaledBias is null)
        {
            return b.Name;
        }

        Tensor weights = gemm.TransposeB ? b : Constants.Permuted(b, [1, 0]);
        double[] factors = [.. Enumerable.Repeat((double)gemm.Alpha, weights.Shape[0])];
        Tensor scaled = Constants.ScaledRows(weights, factors);
        return rewrite.SetConstant(b, scaledBias is null ? scaled : Constants.WithForeignBias(scaled, scaledBias), "weights");
    }

    private static string Bias(GraphRewrite rewrite, Gemm gemm, Tensor c, int outputs)
    {
        if (c.Shape.Rank == 1 && c.Shape[0] == outputs && gemm.Beta == 1)
        {
            return c.Name;
        }

        float[] values = c.Floats();
        float[] bias = [.. Enumerable.Range(0, outputs).Select(o => gemm.Beta * (values.Length == 1 ? values[0] : values[o]))];
        return rewrite.SetConstant(c, Constants.Of(c, new Shape(outputs), bias), "bias");
    }

    private enum AddendKind
    {
        None,
        Bias,
        Separate,
    }

    /// <summary>How C is kept; null when the node has to stay as it is.</summary>
    private static AddendKind? Addend(Graph graph, Node node, Gemm gemm)
    {
        if (graph.InputOf(node, 2) is not { } c || gemm.Beta == 0)
        {
            return AddendKind.None;
        }

        int outputs = graph[node.Output].Shape[1];
        bool perOutput = c.Data is FloatData && (c.Shape.Elements == 1 || (c.Shape.Elements == outputs && c.Shape[-1] == outputs));
        return perOutput ? AddendKind.Bias : gemm.Beta == 1 ? AddendKind.Separate : null;
    }
}
