using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A layer normalisation over the last axis that an exporter wrote as its parts (mean, difference, square, mean, plus
/// epsilon, root, quotient, and where present times gamma and plus beta) becomes one node. Known forms of the parts: the
/// square as Pow or Mul, the root as Sqrt or Pow, the quotient as Div or as Mul with a reciprocal root, one or two
/// differences.
/// </summary>
public sealed class FuseLayerNormalization : IGraphPass
{
    public string Name => nameof(FuseLayerNormalization);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes.Where(n => n.Operator is Div or Mul { Activation.IsNone: true }))
        {
            if (LayerNormalizationPattern.Find(rewrite.Graph, rewrite.Index, node) is { } pattern)
            {
                Fuse(rewrite, pattern);
            }
        }
    }

    private static void Fuse(GraphRewrite rewrite, LayerNormalizationPattern pattern)
    {
        Shape shape = rewrite.Graph[pattern.Input].Shape;
        Node last = pattern.Quotient;
        List<Node> parts = [.. pattern.Parts];
        Tensor? gamma = Parameter<Mul>(rewrite, parts, ref last, shape);
        Tensor? beta = Parameter<Add>(rewrite, parts, ref last, shape);
        if (!rewrite.TryTake([.. parts]))
        {
            return;
        }

        int depth = shape[-1];
        string scale = gamma is null ? Ones(rewrite, pattern.Quotient, depth) : Vector(rewrite, gamma, depth);
        EquatableArray<string> inputs = beta is null ? [pattern.Input, scale] : [pattern.Input, scale, Vector(rewrite, beta, depth)];
        foreach (Node part in parts)
        {
            rewrite.Remove(part);
        }

        rewrite.Replace(last, new Node(last.Name, new LayerNormalization(shape.Rank - 1, pattern.Epsilon), inputs, last.Outputs));
    }

    /// <summary>The constant of a product or sum that alone reads what <paramref name="last"/> writes; that node is the last then.</summary>
    private static Tensor? Parameter<TOperator>(GraphRewrite rewrite, List<Node> parts, ref Node last, Shape shape)
        where TOperator : Operator
    {
        if (!rewrite.Index.IsUsedOnce(last.Output)
            || rewrite.Index.ConsumersOf(last.Output)[0] is not { Operator: TOperator op } next
            || op is Add { Activation.IsNone: false } or Mul { Activation.IsNone: false }
            || ConstantOperand.OtherThan(next, last.Output) is not { } name
            || rewrite.Graph[next.Output].Shape != shape
            || ConstantOperand.AlongAxis(rewrite.Graph[name], 1, shape[-1]) is null)
        {
            return null;
        }

        parts.Add(next);
        last = next;
        return rewrite.Graph[name];
    }

    private static string Vector(GraphRewrite rewrite, Tensor constant, int depth)
    {
        var shape = new Shape(depth);
        return constant.Shape == shape
            ? constant.Name
            : rewrite.SetConstant(constant, Constants.Of(constant, shape, ConstantOperand.AlongAxis(constant, 1, depth)!), "vector");
    }

    private static string Ones(GraphRewrite rewrite, Node quotient, int depth)
    {
        string name = rewrite.FreshTensor($"{quotient.Output}/gamma");
        var ones = new float[depth];
        Array.Fill(ones, 1);
        rewrite.SetTensor(new Tensor(name, DataType.Float32, new Shape(depth)) { Data = new FloatData(EquatableArray.Wrap(ones)) });
        return name;
    }
}
