using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>How operators pass through a view of their input.</summary>
internal static class LayoutRules
{
    public static void Transpose(LayoutRewriter rewriter, Node node, Transpose transpose)
    {
        string input = node.Inputs[0];
        LayoutView view = rewriter.ViewOf(input);
        rewriter.SetView(node.Output, Plain(rewriter, input, view).Transposed(transpose.Permutation));
    }

    /// <summary>
    /// The view without a reshape outside. Where whole groups of axes stay together (height and width become tokens), the
    /// base is reshaped instead, which is free; otherwise the tensor is computed in its old order.
    /// </summary>
    private static LayoutView Plain(LayoutRewriter rewriter, string name, LayoutView view)
    {
        if (view.IsPlain)
        {
            return view;
        }

        return ReshapedView.Of(view with { Shape = Permute.Shape(view.BaseShape, view.Permutation) }, view.Shape) is { } groups
            ? groups with { Base = rewriter.AddReshape(view.Base, groups.BaseShape, $"{name}/base") }
            : LayoutView.Of(rewriter.InOldOrder(name), rewriter.Old[name].Shape);
    }

    public static void Reshape(LayoutRewriter rewriter, Node node, Reshape reshape)
    {
        LayoutView view = rewriter.ViewOf(node.Inputs[0]);
        if (view.KeepsOrder)
        {
            LayoutView same = LayoutView.Of("", reshape.Target);
            rewriter.Add(node, reshape, [view.Base], reshape.Target, same.Permutation);
            return;
        }

        rewriter.SetView(node.Output, view with { Shape = reshape.Target });
    }

    /// <summary>
    /// Whether a softmax over the last axis, which is the fastest, would run along another one of the base though putting
    /// the axes back costs nothing.
    /// </summary>
    public static bool LosesLastAxis(LayoutView view, Softmax softmax) =>
        view is { IsPlain: true, Moves: true, KeepsOrder: true } && softmax.Axis == view.Shape.Rank - 1 && view.Permutation[softmax.Axis] != softmax.Axis;

    public static void ElementWise(LayoutRewriter rewriter, Node node)
    {
        LayoutView view = rewriter.ViewOf(node.Inputs[0]);
        rewriter.Add(node, node.Operator, [view.Base], view.BaseShape, view.Permutation, view.IsPlain);
    }

    /// <summary>Runs in the order of the first operand, on a plain view; the others follow, constants at build time.</summary>
    public static void Concat(LayoutRewriter rewriter, Node node, Concat concat, LayoutView view)
    {
        EquatableArray<int> back = Permute.Inverse(view.Permutation);
        EquatableArray<string> inputs = node.Inputs.Select(name => rewriter.Old[name] is { Data: FloatData } constant
            ? rewriter.SetConstant(constant, Constants.Permuted(constant, back), rewriter.Index.IsUsedOnce(name))
            : rewriter.InOrder(name, back)).ToEquatableArray();
        Shape shape = Permute.Shape(rewriter.Old[node.Output].Shape, back);
        rewriter.Add(node, concat with { Axis = view.Permutation[concat.Axis] }, inputs, shape, view.Permutation);
    }

    /// <summary>Operators with axis attributes, on a plain view.</summary>
    public static void AlongAxes(LayoutRewriter rewriter, Node node, LayoutView view)
    {
        EquatableArray<int> order = view.Permutation;
        switch (node.Operator)
        {
            case Softmax softmax:
                rewriter.Add(node, softmax with { Axis = order[softmax.Axis] }, [view.Base], view.BaseShape, order);
                break;
            case Pad pad:
                EquatableArray<int> inverse = Permute.Inverse(order);
                var moved = new Pad(inverse.Select(i => pad.Before[i]).ToEquatableArray(), inverse.Select(i => pad.After[i]).ToEquatableArray(), pad.Value);
                rewriter.Add(node, moved, [view.Base], Permute.Shape(rewriter.Old[node.Output].Shape, inverse), order);
                break;
            default:
                Mean(rewriter, node, (Mean)node.Operator, view);
                break;
        }
    }

    /// <summary>
    /// A flatten of an image into a fully connected layer permutes the columns of its weights; a layer along the last axis
    /// leaves the others as they lie.
    /// </summary>
    public static void FullyConnected(LayoutRewriter rewriter, Node node, FullyConnected fc)
    {
        LayoutView view = rewriter.ViewOf(node.Inputs[0]);
        Tensor weights = rewriter.Old[node.Inputs[1]];
        int depth = weights.Shape[1];
        bool rowsStay = view.Permutation.Length > 0 && view.Permutation[0] == 0 && (long)view.BaseShape[0] * depth == view.BaseShape.Elements;
        bool lastStays = view.IsPlain && fc.KeepDims && view.Permutation[^1] == view.BaseShape.Rank - 1;
        if (view.Moves && !fc.KeepDims && rowsStay && weights.Data is FloatData)
        {
            string flat = rewriter.AddReshape(view.Base, new Shape(view.BaseShape[0], depth), $"{node.Inputs[0]}/nhwc");
            string permuted = rewriter.SetConstant(weights, Constants.PermutedColumns(weights, Columns(view)), rewriter.Index.IsUsedOnce(weights.Name));
            Shape shape = rewriter.Old[node.Output].Shape;
            rewriter.Add(node, fc, [flat, permuted, .. node.Inputs.Skip(2).Select(rewriter.InOldOrder)], shape, LayoutView.Of("", shape).Permutation);
        }
        else if (view.Moves && lastStays)
        {
            Shape shape = Permute.Shape(rewriter.Old[node.Output].Shape, Permute.Inverse(view.Permutation));
            rewriter.Add(node, fc, [view.Base, .. node.Inputs.Skip(1).Select(rewriter.InOldOrder)], shape, view.Permutation);
        }
        else
        {
            rewriter.AddUnchanged(node);
        }
    }

    /// <summary>For each column in the base's order, its index in the old order.</summary>
    private static int[] Columns(LayoutView view)
    {
        int[] dims = [1, .. Permute.Shape(view.BaseShape, view.Permutation).Dims.Skip(1)];
        var row = new Shape(dims);
        int[] indices = [.. Enumerable.Range(0, (int)row.Elements)];
        return Permute.Data<int>(indices, row, Permute.Inverse(view.Permutation));
    }

    private static void Mean(LayoutRewriter rewriter, Node node, Mean mean, LayoutView view)
    {
        EquatableArray<int> order = view.Permutation;
        int[] axes = [.. mean.Axes.Select(a => order[a]).Order()];
        var moved = new Mean(axes.ToEquatableArray(), mean.KeepDims);
        EquatableArray<int> remaining = order;
        if (!mean.KeepDims)
        {
            // Axes that stay, in the old order, numbered as they lie in the reduced base.
            int[] kept = [.. Enumerable.Range(0, order.Length).Where(a => !axes.Contains(a))];
            remaining = order.Where(a => !axes.Contains(a)).Select(a => Array.IndexOf(kept, a)).ToEquatableArray();
        }

        Shape shape = Permute.Shape(rewriter.Old[node.Output].Shape, Permute.Inverse(remaining));
        rewriter.Add(node, moved, [view.Base], shape, remaining);
    }
}
