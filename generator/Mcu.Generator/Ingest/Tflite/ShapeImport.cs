using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>Operators that a constant list of shapes, axes or paddings configures; the list becomes an attribute.</summary>
internal static class ShapeImport
{
    /// <summary>Most inputs of a concatenation.</summary>
    public const int MostConcatenated = 1024;

    private const string Damaged = "The file is damaged: export it again.";

    /// <summary>The new shape comes from input 1, or from the options in files that have no such input.</summary>
    public static ImportedOperator Reshape(TfliteNode node)
    {
        int[] target = node.Has(1)
            ? node.Integers(1, "new shape")
            : node.Options?.Ints(TfliteSchema.ReshapeOptions.NewShape) ?? throw node.Error("MCU0222", "it has no new shape", Damaged);
        return new(new Reshape(Resolve(node, node.Input(0).Shape, target)), 1);
    }

    public static ImportedOperator Squeeze(TfliteNode node)
    {
        Shape x = node.Input(0).Shape;
        int[] listed = Axes(node, node.Options?.Ints(TfliteSchema.SqueezeOptions.SqueezeDims) ?? [], x.Rank);
        node.Require(Array.TrueForAll(listed, a => x[a] == 1), "MCU0225", $"it removes a dimension of {x} that is not 1", Damaged);
        IEnumerable<int> kept = Enumerable.Range(0, x.Rank).Where(a => listed.Length > 0 ? !listed.Contains(a) : x[a] != 1);
        return new(new Reshape(new Shape(kept.Select(a => x[a]).ToEquatableArray())), 1);
    }

    public static ImportedOperator ExpandDims(TfliteNode node)
    {
        Shape x = node.Input(0).Shape;
        int[] axis = Axes(node, node.Integers(1, "axis"), x.Rank + 1);
        node.Require(axis.Length == 1, "MCU0225", $"it has {axis.Length} axes, not 1", Damaged);
        List<int> dims = [.. x.Dims];
        dims.Insert(axis[0], 1);
        return new(new Reshape(new Shape(dims.ToEquatableArray())), 1);
    }

    public static ImportedOperator Mean(TfliteNode node)
    {
        int[] axes = Axes(node, node.Integers(1, "axes"), node.Input(0).Shape.Rank);
        bool keep = node.Options?.Bool(TfliteSchema.ReducerOptions.KeepDims) ?? false;
        return new(new Mean(axes.Order().ToEquatableArray(), keep), 1);
    }

    public static ImportedOperator Transpose(TfliteNode node)
    {
        int rank = node.Input(0).Shape.Rank;
        int[] permutation = Axes(node, node.Integers(1, "permutation"), rank);
        node.Require(permutation.Length == rank, "MCU0225", $"its permutation has {permutation.Length} axes, not {rank}", Damaged);
        return new(new Transpose(EquatableArray.Wrap(permutation)), 1);
    }

    /// <summary>TensorFlow Lite takes no fused activation here.</summary>
    public static ImportedOperator Concat(TfliteNode node)
    {
        FlatTable options = node.Options!.Value;
        FusedActivation activation = node.Activation(options.Byte(TfliteSchema.ConcatenationOptions.Activation));
        node.Require(activation.IsNone, "MCU0210", "its fused activation is not supported", "Train without an activation function on the concatenation.");
        int[] axis = Axes(node, [options.Int(TfliteSchema.ConcatenationOptions.Axis)], node.Input(0).Shape.Rank);
        return new(new Concat(axis[0]), node.InputCount);
    }

    public static ImportedOperator Pad(TfliteNode node) => new(Padded(node, 0), 1);

    /// <summary>The padding value has the quantisation of the output, so that it is exact in int8.</summary>
    public static ImportedOperator PadV2(TfliteNode node)
    {
        Tensor value = node.Input(2);
        node.Require(value.IsConstant && value.Shape.Elements == 1 && value.Type == node.Input(0).Type, "MCU0225", $"its padding value '{value.Name}' is not one constant of the input's type", Damaged);
        node.Require(
            value.Type == DataType.Float32 || (value.Type == DataType.Int8 && Equals(value.Quantization, node.Output.Quantization)),
            "MCU0219",
            $"its padding value '{value.Name}' is not quantised like its output",
            "Convert with one quantisation for input, padding value and output.");
        float real = value.Data is Int8Data data
            ? value.Quantization!.Scale * (data.Values[0] - value.Quantization.ZeroPoint)
            : ((FloatData)value.Data!).Values[0];
        return new(Padded(node, real), 1);
    }

    private static Pad Padded(TfliteNode node, float value)
    {
        int rank = node.Input(0).Shape.Rank;
        int[] paddings = node.Integers(1, "paddings");
        node.Require(node.Input(1).Shape == new Shape(rank, 2), "MCU0225", $"its paddings have shape {node.Input(1).Shape}, not [{rank}x2]", Damaged);
        IEnumerable<int> axes = Enumerable.Range(0, rank);
        return new Pad(axes.Select(a => paddings[2 * a]).ToEquatableArray(), axes.Select(a => paddings[(2 * a) + 1]).ToEquatableArray(), value);
    }

    /// <summary>Axes counted from the front, each once.</summary>
    private static int[] Axes(TfliteNode node, int[] axes, int rank)
    {
        node.Require(axes.Length <= rank, "MCU0225", $"it has {axes.Length} axes for {rank} dimensions", Damaged);
        int[] positive = [.. axes.Select(a => a < 0 ? a + rank : a)];
        node.Require(Array.TrueForAll(positive, a => a >= 0 && a < rank), "MCU0225", $"an axis of [{string.Join(", ", axes)}] is outside the {rank} dimensions", Damaged);
        node.Require(positive.Distinct().Count() == positive.Length, "MCU0225", $"an axis of [{string.Join(", ", axes)}] is repeated", Damaged);
        return positive;
    }

    /// <summary>Replaces one −1 by what the number of elements leaves for it.</summary>
    private static Shape Resolve(TfliteNode node, Shape x, int[] target)
    {
        node.Require(target.Length <= TfliteTensors.MaxRank, "MCU0225", $"its new shape has {target.Length} dimensions", Damaged);
        int unknown = Array.IndexOf(target, -1);
        double known = 1;
        for (int i = 0; i < target.Length; i++)
        {
            node.Require(i == unknown || target[i] > 0, "MCU0225", $"its new shape [{string.Join(", ", target)}] is not valid", Damaged);
            known *= i == unknown ? 1 : target[i];
        }

        if (unknown < 0)
        {
            return new Shape(target);
        }

        node.Require(known <= x.Elements && x.Elements % (long)known == 0, "MCU0225", $"{x} cannot take the new shape [{string.Join(", ", target)}]", Damaged);
        int[] resolved = [.. target];
        resolved[unknown] = (int)(x.Elements / (long)known);
        return new Shape(resolved);
    }
}
