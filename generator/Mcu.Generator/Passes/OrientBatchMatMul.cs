using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A transpose of the last two axes before a batch product becomes the product's own flag. A transpose that moves other
/// axes as well is turned so that both inputs lie with their inner dimension last, which is how a kernel reads fastest.
/// </summary>
public sealed class OrientBatchMatMul : IGraphPass
{
    public string Name => nameof(OrientBatchMatMul);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes.Where(n => n.Operator is BatchMatMul))
        {
            for (int side = 0; side < 2; side++)
            {
                if (rewrite.Index.ProducerOf(node.Inputs[side]) is { Operator: Transpose transpose } source && Orient(rewrite, node, side, source, transpose))
                {
                    break;
                }
            }
        }
    }

    private static bool Orient(GraphRewrite rewrite, Node node, int side, Node source, Transpose transpose)
    {
        var product = (BatchMatMul)node.Operator;
        EquatableArray<int> turned = Turned(transpose.Permutation);
        BatchMatMul flipped = side == 0 ? product with { TransposeX = !product.TransposeX } : product with { TransposeY = !product.TransposeY };
        if (Execution.Permute.IsIdentity(turned))
        {
            if (!rewrite.TryTake(node))
            {
                return false;
            }

            rewrite.Replace(node, node with { Operator = flipped, Inputs = node.Inputs.Select((input, i) => i == side ? source.Inputs[0] : input).ToEquatableArray() });
            return true;
        }

        bool innerIsLast = side == 0 ? !product.TransposeX : product.TransposeY;
        if (innerIsLast || !rewrite.Index.IsUsedOnce(source.Output) || !rewrite.TryTake(node, source))
        {
            return false;
        }

        Tensor moved = rewrite.Graph[source.Output];
        EquatableArray<int> swap = Turned(Enumerable.Range(0, moved.Shape.Rank).ToEquatableArray());
        rewrite.SetTensor(moved with { Shape = Execution.Permute.Shape(moved.Shape, swap), Source = LayoutRewriter.SourceOf(moved, swap) });
        rewrite.Replace(source, source with { Operator = new Transpose(turned) });
        rewrite.Replace(node, node with { Operator = flipped });
        return true;
    }

    /// <summary>The permutation with its last two axes exchanged.</summary>
    private static EquatableArray<int> Turned(EquatableArray<int> permutation)
    {
        int[] axes = permutation.ToArray();
        (axes[^2], axes[^1]) = (axes[^1], axes[^2]);
        return EquatableArray.Wrap(axes);
    }
}
