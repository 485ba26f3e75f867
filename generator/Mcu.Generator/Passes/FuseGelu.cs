using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// <c>x/2 · (1 + erf(x/√2))</c> that an exporter wrote as its parts becomes one node, in whatever order the three factors
/// x, 1/2 and <c>1 + erf</c> are multiplied.
/// </summary>
public sealed class FuseGelu : IGraphPass
{
    public string Name => nameof(FuseGelu);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node erf in rewrite.Graph.Nodes.Where(n => n.Operator is Erf))
        {
            List<Node> parts = [erf];
            if (Argument(rewrite, erf, parts) is not { } x
                || Next<Add>(rewrite, erf, parts) is not { } sum
                || !ConstantOperand.Is(rewrite.Graph, ConstantOperand.OtherThan(sum, erf.Output) ?? x, 1)
                || Product(rewrite, sum, x, parts) is not { } last
                || !rewrite.TryTake([.. parts]))
            {
                continue;
            }

            parts.ForEach(rewrite.Remove);
            rewrite.Replace(last, new Node(last.Name, new Gelu(false), [x], last.Outputs));
        }
    }

    /// <summary>x of <c>erf(x/√2)</c>.</summary>
    private static string? Argument(GraphRewrite rewrite, Node erf, List<Node> parts)
    {
        if (rewrite.Index.ProducerOf(erf.Inputs[0]) is not { } scaled || !rewrite.Index.IsUsedOnce(scaled.Output))
        {
            return null;
        }

        parts.Add(scaled);
        return Scaled(rewrite.Graph, scaled, 1 / Math.Sqrt(2));
    }

    /// <summary>The last of the products that hold <c>1 + erf</c>, x and 1/2 once each.</summary>
    private static Node? Product(GraphRewrite rewrite, Node sum, string x, List<Node> parts)
    {
        Graph graph = rewrite.Graph;
        if (Next<Mul>(rewrite, sum, parts) is not { } first || ConstantOperand.OtherThan(first, sum.Output) is not { } factor)
        {
            return null;
        }

        if (factor == x)
        {
            return Next(rewrite, first, parts) is { } half && Scaled(graph, half, 0.5) == first.Output ? half : null;
        }

        if (ConstantOperand.Is(graph, factor, 0.5))
        {
            return Next<Mul>(rewrite, first, parts) is { } product && ConstantOperand.OtherThan(product, first.Output) == x ? product : null;
        }

        if (rewrite.Index.ProducerOf(factor) is { } halved && Scaled(graph, halved, 0.5) == x && rewrite.Index.IsUsedOnce(factor))
        {
            parts.Add(halved);
            return first;
        }

        return null;
    }

    /// <summary>The tensor that a node multiplies by a constant (or divides by its reciprocal), or null.</summary>
    private static string? Scaled(Graph graph, Node node, double factor) => node.Operator switch
    {
        Mul when ConstantOperand.Is(graph, node.Inputs[1], factor) => node.Inputs[0],
        Mul when ConstantOperand.Is(graph, node.Inputs[0], factor) => node.Inputs[1],
        Div when ConstantOperand.Is(graph, node.Inputs[1], 1 / factor) => node.Inputs[0],
        _ => null,
    };

    private static Node? Next<TOperator>(GraphRewrite rewrite, Node node, List<Node> parts) =>
        Next(rewrite, node, parts) is { Operator: TOperator } next ? next : null;

    /// <summary>The one node that reads what the node writes.</summary>
    private static Node? Next(GraphRewrite rewrite, Node node, List<Node> parts)
    {
        if (!rewrite.Index.IsUsedOnce(node.Output))
        {
            return null;
        }

        Node next = rewrite.Index.ConsumersOf(node.Output)[0];
        parts.Add(next);
        return next;
    }
}
