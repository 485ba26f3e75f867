using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Structural;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters.Structural;

/// <summary>
/// Carries longer axes through a graph: from tensors that were lengthened forwards to where the axes end in a sum over them. Shapes
/// and constants that follow are changed; where an axis cannot go on the node is named.
/// </summary>
/// <param name="places">The graph as it was.</param>
/// <param name="part">The part of the adapter that lengthens.</param>
/// <param name="edit">The graph with the lengthened tensors in it.</param>
/// <param name="length">By how much.</param>
internal sealed class SequenceGrowth(StructuralPlaces places, StructuralPart part, GraphEdit edit, int length)
{
    private readonly Dictionary<string, int[]> grown = new(StringComparer.Ordinal);

    /// <summary>A tensor of the edited graph that already has its longer shape.</summary>
    public void Start(string tensor, int axis) => grown[tensor] = [axis];

    /// <summary>
    /// Throws MCU0667 where a reshape mixes the axis with others, MCU0668 for a constant with one row per element of it, MCU0669 for an
    /// operator that cannot take another length, MCU0670 where the network's output would be longer, MCU0671 where a longer tensor meets one that is not.
    /// </summary>
    public void Run()
    {
        for (int i = 0; i < edit.Nodes.Count; i++)
        {
            Node node = edit.Nodes[i];
            if (!grown.ContainsKey(node.Output) && node.Inputs.Any(grown.ContainsKey))
            {
                Pass(i, node);
            }
        }
    }

    private void Pass(int index, Node node)
    {
        int[] axes = AxesAfter(index, node);
        if (axes.Length == 0)
        {
            return;
        }

        Tensor output = edit[node.Output];
        Require(node, !places.Graph.Outputs.Contains(node.Output), "MCU0670", $"the longer sequence reaches the network's output '{output.Name}'", "The network must sum its tokens up (pooling, attention) before the output.");
        grown[node.Output] = axes;
        edit.Set(output with { Shape = Longer(output.Shape, axes), Source = null });
    }

    /// <summary>Axes of the node's output that become longer; changes the node where an attribute or a constant holds the length.</summary>
    private int[] AxesAfter(int index, Node node)
    {
        int[] axes = Of(node.Inputs[0]);
        switch (node.Operator)
        {
            case Clamp or Gelu or Identity or Erf or Sqrt or Softmax or Pad:
                return axes;
            case Add or Mul or Sub or Div or Pow:
                return Broadcast(index, node);
            case LayerNormalization:
                Require(node, !axes.Contains(edit[node.Output].Shape.Rank - 1), "MCU0669", "the longer axis is the one that is normalised");
                return axes;
            case Transpose transpose:
                return [.. axes.Select(a => transpose.Permutation.ToList().IndexOf(a)).Order()];
            case Reshape reshape:
                return Reshaped(index, node, reshape, axes);
            case FullyConnected connected:
                return Connected(node, connected, axes);
            case BatchMatMul product:
                return Product(node, product);
            case Mean mean:
                return Reduced(mean, axes);
            case Concat concat:
                return Joined(node, concat);
            default:
                throw Error(node, "MCU0669", $"the operator {OperatorCatalog.RoomOf(node.Operator).Name} cannot take the longer sequence");
        }
    }

    /// <summary>Operands are aligned at their last axes. A constant whose rows are all equal needs only one of them.</summary>
    private int[] Broadcast(int index, Node node)
    {
        int rank = edit[node.Output].Shape.Rank;
        int[] fromEnd = [.. node.Inputs.SelectMany(name => Of(name).Select(a => edit[name].Shape.Rank - a)).Distinct()];
        for (int side = 0; side < 2; side++)
        {
            string name = node.Inputs[side];
            foreach (int end in fromEnd)
            {
                Tensor operand = edit[name];
                int axis = operand.Shape.Rank - end;
                if (axis < 0 || operand.Shape[axis] == 1 || Of(name).Contains(axis))
                {
                    continue;
                }

                Require(node, operand.IsConstant, "MCU0671", $"'{Names.Short(name)}' {operand.Shape} stays as long as it is");
                string row = OneRow(node, operand, axis);
                edit.RenameInput(index, name, row);
                name = row;
            }
        }

        return [.. fromEnd.Select(end => rank - end).Order()];
    }

    private string OneRow(Node node, Tensor constant, int axis)
    {
        int inner = (int)constant.Shape.Dims.Skip(axis + 1).Aggregate(1L, (product, d) => product * d);
        int count = constant.Shape[axis];
        float[] values = constant.Floats();
        bool equal = Enumerable.Range(0, values.Length).All(i => values[i] == values[i - (i / inner % count * inner)]);
        Require(node, equal, "MCU0668", $"'{Names.Short(constant.Name)}' {constant.Shape} has a row for each of the {count} tokens (a position embedding, mostly)", "Lengthen the sequence behind this node: name its output as the place.");
        float[] row = [.. values.Where((_, i) => i / inner % count == 0)];
        int[] dims = constant.Shape.Dims.ToArray();
        dims[axis] = 1;
        return edit.Constant(constant.Name + "/row", new Shape(dims), EquatableArray.Wrap(row));
    }

    /// <summary>An axis passes where the target has an axis of the same length with as many elements before it.</summary>
    private int[] Reshaped(int index, Node node, Reshape reshape, int[] axes)
    {
        Shape before = Shorter(edit[node.Inputs[0]].Shape, axes);
        int[] target = [.. axes.Select(a => Whole(node, before, a, reshape.Target))];
        edit.Replace(index, node with { Operator = new Reshape(Longer(reshape.Target, target)) });
        return target;
    }

    private int Whole(Node node, Shape from, int axis, Shape to)
    {
        long outer = from.Dims.Take(axis).Aggregate(1L, (product, d) => product * d);
        int[] fitting = [.. Enumerable.Range(0, to.Rank).Where(i => to[i] == from[axis] && to.Dims.Take(i).Aggregate(1L, (product, d) => product * d) == outer)];
        Require(node, fitting.Length == 1 || fitting.Contains(axis), "MCU0667", $"the reshape from {from} to {to} does not leave axis {axis}, which becomes longer, whole");
        return fitting.Length == 1 ? fitting[0] : axis;
    }

    private int[] Connected(Node node, FullyConnected connected, int[] axes)
    {
        Shape x = edit[node.Inputs[0]].Shape;
        int depth = edit[node.Inputs[1]].Shape[1];
        bool rows = !axes.Contains(x.Rank - 1) && x[-1] == depth;
        Require(node, rows, "MCU0669", "the longer axis is part of what every output of the layer reads");
        if (connected.KeepDims)
        {
            return axes;
        }

        bool single = axes.Length == 1 && x.Dims.SkipLast(1).Where((_, a) => a != axes[0]).All(d => d == 1);
        Require(node, single, "MCU0669", "the layer makes one axis of the longer one and others");
        return [0];
    }

    private int[] Product(Node node, BatchMatMul product)
    {
        int rank = edit[node.Output].Shape.Rank;
        bool depthOfX = Contains(node.Inputs[0], product.TransposeX ? 2 : 1);
        bool depthOfY = Contains(node.Inputs[1], product.TransposeY ? 1 : 2);
        Require(node, depthOfX == depthOfY, "MCU0671", $"'{Names.Short(node.Inputs[depthOfX ? 1 : 0])}' stays as long as it is");
        bool batch = node.Inputs.Any(name => Of(name).Any(a => a < edit[name].Shape.Rank - 2));
        Require(node, !batch, "MCU0669", "the longer axis counts matrices");
        List<int> axes = [];
        if (Contains(node.Inputs[0], product.TransposeX ? 1 : 2))
        {
            axes.Add(rank - 2);
        }

        if (Contains(node.Inputs[1], product.TransposeY ? 2 : 1))
        {
            axes.Add(rank - 1);
        }

        return [.. axes];
    }

    private static int[] Reduced(Mean mean, int[] axes)
    {
        IEnumerable<int> kept = axes.Where(a => !mean.Axes.Contains(a));
        return [.. kept.Select(a => mean.KeepDims ? a : a - mean.Axes.Count(m => m < a))];
    }

    private int[] Joined(Node node, Concat concat)
    {
        string[] longer = [.. node.Inputs.Where(grown.ContainsKey)];
        int[] axes = Of(longer[0]);
        bool along = axes is [var axis] && axis == concat.Axis && longer.Length == 1;
        bool beside = longer.Length == node.Inputs.Length && !axes.Contains(concat.Axis) && longer.All(name => Of(name).SequenceEqual(axes));
        Require(node, along || beside, "MCU0671", "not all of the joined tensors become longer");
        return axes;
    }

    private int[] Of(string name) => grown.GetValueOrDefault(name, []);

    private bool Contains(string name, int fromEnd) => Of(name).Contains(edit[name].Shape.Rank - fromEnd);

    private Shape Longer(Shape shape, int[] axes) => new(shape.Dims.Select((d, i) => axes.Contains(i) ? d + length : d).ToEquatableArray());

    private Shape Shorter(Shape shape, int[] axes) => new(shape.Dims.Select((d, i) => axes.Contains(i) ? d - length : d).ToEquatableArray());

    private void Require(Node node, bool condition, string code, string message, string hint = "")
    {
        if (!condition)
        {
            throw Error(node, code, message, hint);
        }
    }

    private DiagnosticException Error(Node node, string code, string message, string hint = "") =>
        places.Error(part, code, $"at node '{Names.Short(node.Name)}', {message}", hint);
}
