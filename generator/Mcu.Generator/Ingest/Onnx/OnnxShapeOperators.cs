using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>Operators that move or reduce along axes.</summary>
internal static class OnnxShapeOperators
{
    public static void ReadReshape(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("allowzero");
        OnnxOperators.Inputs(node, graph, 2, 2);
        Tensor x = graph.Input(node, 0);
        long[] wanted = graph.OptionalIntegers(node, 1)!;
        node.Require(wanted.Length <= OnnxTensors.MaxRank, "MCU0320", $"the shape has {wanted.Length} dimensions");
        bool keepsZero = node.Flag("allowzero", false);
        AddReshape(node, graph, x, Resolve(node, x.Shape, wanted, keepsZero));
    }

    public static void ReadFlatten(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("axis");
        OnnxOperators.Inputs(node, graph, 1, 1);
        Tensor x = graph.Input(node, 0);
        int given = node.Int("axis", 1);
        int axis = given == x.Shape.Rank ? given : node.Axis(given, x.Shape.Rank);
        AddReshape(node, graph, x, Matrix(x.Shape, axis));
    }

    public static void ReadSqueeze(OnnxNode node, OnnxGraphBuilder graph)
    {
        Tensor x = InputWithAxes(node, graph, 13, out long[]? axes);
        axes = axes?.Select(a => (long)node.Axis(a, x.Shape.Rank)).ToArray();
        var dims = new List<int>();
        for (int axis = 0; axis < x.Shape.Rank; axis++)
        {
            bool removed = axes is null ? x.Shape[axis] == 1 : axes.Contains(axis);
            node.Require(!removed || x.Shape[axis] == 1, "MCU0320", $"axis {axis} of {x.Shape} is not 1 and cannot be removed");
            if (!removed)
            {
                dims.Add(x.Shape[axis]);
            }
        }

        AddReshape(node, graph, x, [.. dims]);
    }

    public static void ReadUnsqueeze(OnnxNode node, OnnxGraphBuilder graph)
    {
        Tensor x = InputWithAxes(node, graph, 13, out long[]? axes);
        node.Require(axes is { Length: <= OnnxTensors.MaxRank } && x.Shape.Rank + axes.Length <= OnnxTensors.MaxRank, "MCU0320", "the axes are missing or too many");
        int rank = x.Shape.Rank + axes!.Length;
        int[] inserted = [.. axes.Select(a => node.Axis(a, rank)).Distinct()];
        node.Require(inserted.Length == axes.Length, "MCU0317", "an axis is inserted twice");
        var dims = new int[rank];
        int next = 0;
        for (int axis = 0; axis < rank; axis++)
        {
            dims[axis] = inserted.Contains(axis) ? 1 : x.Shape[next++];
        }

        AddReshape(node, graph, x, dims);
    }

    public static void ReadTranspose(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("perm");
        OnnxOperators.Inputs(node, graph, 1, 1);
        int rank = graph.Input(node, 0).Shape.Rank;
        int[] permutation = node.Ints("perm") ?? [.. Enumerable.Range(0, rank).Reverse()];
        graph.Add(node, new Transpose(EquatableArray.Wrap(permutation)), node.InputName(0));
    }

    public static void ReadReduceMean(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow(node.Opset < 18 ? ["axes", "keepdims"] : ["keepdims", "noop_with_empty_axes"]);
        Tensor x = InputWithAxes(node, graph, 18, out long[]? axes, "keepdims", "noop_with_empty_axes");
        bool keepDims = node.Flag("keepdims", true);
        if (axes is null or [])
        {
            bool nothing = node.Flag("noop_with_empty_axes", false);
            axes = nothing ? [] : [.. Enumerable.Range(0, x.Shape.Rank).Select(a => (long)a)];
        }

        int[] sorted = [.. axes.Select(a => node.Axis(a, x.Shape.Rank)).Distinct().Order()];
        graph.Add(node, sorted.Length == 0 ? new Identity() : new Mean(EquatableArray.Wrap(sorted), keepDims), x.Name);
    }

    public static void ReadSoftmax(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("axis");
        OnnxOperators.Inputs(node, graph, 1, 1);
        Tensor x = graph.Input(node, 0);
        int axis = node.Axis(node.Int("axis", node.Opset < 13 ? 1 : -1), x.Shape.Rank);
        if (node.Opset >= 13 || axis == x.Shape.Rank - 1)
        {
            graph.Add(node, new Softmax(axis, 1), x.Name);
            return;
        }

        // Before operator set 13 all axes from `axis` on are one.
        Tensor flat = graph.AddHelper(node, "flat", new Reshape(new Shape(Matrix(x.Shape, axis))), x.Name);
        Tensor y = graph.AddHead(node, "softmax", new Softmax(1, 1), flat.Name);
        graph.AddTail(node, "shape", new Reshape(x.Shape), y.Name);
    }

    public static void ReadPad(OnnxNode node, OnnxGraphBuilder graph)
    {
        Tensor x = graph.Input(node, 0);
        string mode = node.Text("mode", "constant");
        node.Require(mode == "constant", "MCU0317", $"mode '{mode}' is not supported; only 'constant' is");
        long[] pads;
        float value;
        if (node.Opset < 11)
        {
            node.Allow("mode", "pads", "value");
            OnnxOperators.Inputs(node, graph, 1, 1);
            pads = [.. (node.Ints("pads") ?? throw node.Error("MCU0317", "attribute 'pads' is missing")).Select(p => (long)p)];
            value = node.Float("value", 0);
        }
        else
        {
            node.Allow("mode");
            OnnxOperators.Inputs(node, graph, 2, node.Opset < 18 ? 3 : 4);
            pads = graph.OptionalIntegers(node, 1)!;
            value = graph.OptionalScalar(node, 2) ?? 0;
        }

        (int[] before, int[] after) = Spread(node, pads, graph.OptionalIntegers(node, 3), x.Shape.Rank);
        graph.Add(node, new Pad(EquatableArray.Wrap(before), EquatableArray.Wrap(after), value), x.Name);
    }

    /// <summary>The paddings of the axes given, as one per dimension.</summary>
    private static (int[] Before, int[] After) Spread(OnnxNode node, long[] pads, long[]? axes, int rank)
    {
        axes ??= [.. Enumerable.Range(0, rank).Select(a => (long)a)];
        node.Require(pads.Length == axes.Length * 2, "MCU0317", $"'pads' has {pads.Length} values; {axes.Length * 2} are expected");
        int[] before = new int[rank];
        int[] after = new int[rank];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = node.Axis(axes[i], rank);
            before[axis] = node.ToInt("pads", pads[i]);
            after[axis] = node.ToInt("pads", pads[i + axes.Length]);
        }

        return (before, after);
    }

    /// <summary>The data input, and the axes from the attribute or, since <paramref name="inputSince"/>, from an input.</summary>
    private static Tensor InputWithAxes(OnnxNode node, OnnxGraphBuilder graph, int inputSince, out long[]? axes, params string[] others)
    {
        if (node.Opset < inputSince)
        {
            node.Allow(["axes", .. others]);
            OnnxOperators.Inputs(node, graph, 1, 1);
            axes = node.Ints("axes")?.Select(a => (long)a).ToArray();
        }
        else
        {
            node.Allow(others);
            OnnxOperators.Inputs(node, graph, 1, 2);
            axes = graph.OptionalIntegers(node, 1);
        }

        return graph.Input(node, 0);
    }

    private static int[] Resolve(OnnxNode node, Shape shape, long[] wanted, bool keepsZero)
    {
        var dims = new int[wanted.Length];
        int open = -1;
        long known = 1;
        for (int i = 0; i < dims.Length; i++)
        {
            if (wanted[i] == -1)
            {
                node.Require(open < 0, "MCU0320", "the shape has two open dimensions");
                open = i;
                continue;
            }

            bool copies = wanted[i] == 0 && !keepsZero;
            node.Require(wanted[i] > 0 || (copies && i < shape.Rank), "MCU0320", $"dimension {i} of the shape is {wanted[i]}");
            node.Require(wanted[i] <= GraphValidator.MaxElements, "MCU0320", $"dimension {i} of the shape is {wanted[i]}");
            dims[i] = copies ? shape[i] : (int)wanted[i];
            known *= dims[i];
            node.Require(known <= GraphValidator.MaxElements, "MCU0320", "the shape has too many elements");
        }

        if (open >= 0)
        {
            node.Require(shape.Elements % known == 0, "MCU0320", $"{shape.Elements} elements cannot be cut into parts of {known}");
            dims[open] = (int)(shape.Elements / known);
        }

        return dims;
    }

    private static int[] Matrix(Shape shape, int axis) =>
    [
        (int)shape.Dims.Take(axis).Aggregate(1L, (product, d) => product * d),
        (int)shape.Dims.Skip(axis).Aggregate(1L, (product, d) => product * d),
    ];

    /// <summary>A Reshape of an activation; of a shape constant, its new shape.</summary>
    private static void AddReshape(OnnxNode node, OnnxGraphBuilder graph, Tensor x, int[] dims)
    {
        if (OnnxTensors.Integers(x) is { } integers)
        {
            OnnxShapeArithmetic.Constant(node, graph, new Shape(dims), integers);
            return;
        }

        graph.Add(node, new Reshape(new Shape(dims)), x.Name);
    }
}
