using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>An addition or product runs in the order of an operand that was moved; the other follows, at build time when constant.</summary>
internal static class LayoutBinaryRule
{
    public static void Apply(LayoutRewriter rewriter, Node node)
    {
        LayoutView a = rewriter.ViewOf(node.Inputs[0]);
        LayoutView b = rewriter.ViewOf(node.Inputs[1]);
        if (a.Permutation == b.Permutation && a.BaseShape == b.BaseShape && a.Shape == b.Shape)
        {
            rewriter.Add(node, node.Operator, [a.Base, b.Base], a.BaseShape, a.Permutation, a.IsPlain);
            return;
        }

        LayoutView leader = a.Moves ? a : b;
        if (!leader.Moves || !leader.IsPlain || leader.Shape.Rank != rewriter.Old[node.Output].Shape.Rank)
        {
            rewriter.AddUnchanged(node);
            return;
        }

        EquatableArray<int> back = Permute.Inverse(leader.Permutation);
        if (Follow(rewriter, node.Inputs[0], back) is { } first && Follow(rewriter, node.Inputs[1], back) is { } second)
        {
            Shape shape = Permute.Shape(rewriter.Old[node.Output].Shape, back);
            rewriter.Add(node, node.Operator, [first, second], shape, leader.Permutation);
            return;
        }

        rewriter.AddUnchanged(node);
    }

    /// <summary>The operand with its axes in the leader's order, or null when its rank does not allow it.</summary>
    private static string? Follow(LayoutRewriter rewriter, string name, EquatableArray<int> order)
    {
        Tensor tensor = rewriter.Old[name];
        if (tensor.Data is FloatData && tensor.Shape.Rank <= order.Length)
        {
            int[] raised = [.. Enumerable.Repeat(1, order.Length - tensor.Shape.Rank), .. tensor.Shape.Dims];
            Tensor moved = Constants.Permuted(tensor with { Shape = new Shape(raised) }, order);
            return rewriter.SetConstant(tensor, moved, rewriter.Index.IsUsedOnce(name));
        }

        return tensor.Shape.Rank == order.Length && !tensor.IsConstant ? rewriter.InOrder(name, order) : null;
    }
}
