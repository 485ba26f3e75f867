using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.Int8;

/// <summary>Operators of transformers.</summary>
internal sealed partial class Int8GraphBuilder
{
    public Int8GraphBuilder Softmax(int axis, float beta = 1) => Append(new Softmax(axis, beta), [], Last.Shape, new Quantization(1f / 256, -128));

    public Int8GraphBuilder Gelu(float factor, bool approximate = false) => Rescaled(new Gelu(approximate), Last.Shape, factor);

    /// <param name="spread">Largest deviation of gamma and beta from 0; the output's scale follows it.</param>
    public Int8GraphBuilder Normalize(float spread = 1.5f, bool withBeta = true, float epsilon = 1e-5f)
    {
        int depth = Last.Shape[-1];
        string stem = $"norm{nodes.Count}";
        int fraction = LayerNormalizationLayer.FractionBitsOf(depth);
        float scale = spread / 32767;
        Tensor gamma = Constant(stem + ".gamma", new Shape(depth), new Int16Data([.. Enumerable.Range(0, depth).Select(_ => (short)random.Next(-32767, 32768))]), [scale], 0);
        string[] constants = [gamma.Name];
        if (withBeta)
        {
            float unit = MathF.ScaleB(scale, -fraction);
            int[] values = [.. Enumerable.Range(0, depth).Select(_ => (int)Math.Clamp((random.NextDouble() - 0.5) * 2 * spread / unit, -LayerNormalizationLayer.LargestBeta, LayerNormalizationLayer.LargestBeta))];
            constants = [gamma.Name, Constant(stem + ".beta", new Shape(depth), new Int32Data(EquatableArray.Wrap(values)), [unit], 0).Name];
        }

        return Append(new LayerNormalization(Last.Shape.Rank - 1, epsilon), constants, Last.Shape, new Quantization(spread * 3.5f / 128, ZeroPoint()));
    }

    /// <summary>The last tensor times another; the output's scale follows the statistics of uniform values.</summary>
    public Int8GraphBuilder Product(Tensor other, bool transposeX, bool transposeY, double gain = 1)
    {
        int rows = Last.Shape[transposeX ? -1 : -2];
        int depth = Last.Shape[transposeX ? -2 : -1];
        int columns = other.Shape[transposeY ? -2 : -1];
        IEnumerable<int> batch = Last.Shape.Rank >= other.Shape.Rank ? Last.Shape.Dims.SkipLast(2).Select((d, i) => Math.Max(d, BatchOf(other, Last.Shape.Rank, i))) : other.Shape.Dims.SkipLast(2);
        float scale = (float)(Last.Quantization!.Scale * other.Quantization!.Scale * Math.Sqrt(depth) * TypicalValue * TypicalValue / 45 / gain);
        return Append(new BatchMatMul(transposeX, transposeY), [other.Name], ShapeOf([.. batch, rows, columns]), new Quantization(scale, ZeroPoint()));
    }

    /// <summary>An element-wise operator with a constant of the given shape, as first or second operand.</summary>
    public Int8GraphBuilder WithConstant(Operator op, int[] shape, bool constantFirst, float factor = 1.5f, Shape? output = null)
    {
        string name = $"constant{nodes.Count}";
        var dims = new Shape(shape);
        tensors[name] = new Tensor(name, DataType.Int8, dims)
        {
            Data = new Int8Data([.. Enumerable.Range(0, (int)dims.Elements).Select(_ => (sbyte)random.Next(-128, 128))]),
            Quantization = new Quantization(0.02f * (0.5f + random.NextSingle()), random.Next(-128, 128)),
        };
        float scale = op is Generator.Operators.Mul or BatchMatMul ? Last.Quantization!.Scale * tensors[name].Quantization!.Scale * 70 : Math.Max(Last.Quantization!.Scale, tensors[name].Quantization!.Scale);
        return AppendTo(op, constantFirst ? [name, Last.Name] : [Last.Name, name], output ?? Last.Shape, new Quantization(scale * factor, ZeroPoint()));
    }

    /// <summary>Element-wise product with an earlier tensor whose shape can be broadcast to the last one's.</summary>
    public Int8GraphBuilder Mul(Tensor other, FusedActivation? activation = null) => Append(
        new Mul(activation ?? FusedActivation.None), [other.Name], Last.Shape, new Quantization(Last.Quantization!.Scale * other.Quantization!.Scale * 70, ZeroPoint()));

    /// <summary>The last tensor behind an earlier one along an axis.</summary>
    public Int8GraphBuilder Join(Tensor other, int axis, float factor) => AppendTo(
        new Concat(axis), [other.Name, Last.Name], Joined(other.Shape, axis), new Quantization(other.Quantization!.Scale * factor, factor == 1 ? other.Quantization.ZeroPoint : ZeroPoint()));

    /// <summary>A constant of some rows behind the last tensor along axis 1.</summary>
    public Int8GraphBuilder JoinConstant(int rows, float factor)
    {
        Shape shape = ShapeOf(Last.Shape.Dims.Select((d, i) => i == 1 ? rows : d));
        Quantization same = Last.Quantization!;
        string name = $"constant{nodes.Count}";
        tensors[name] = new Tensor(name, DataType.Int8, shape)
        {
            Data = new Int8Data([.. Enumerable.Range(0, (int)shape.Elements).Select(_ => (sbyte)random.Next(-128, 128))]),
            Quantization = same,
        };
        return AppendTo(new Concat(1), [Last.Name, name], Joined(shape, 1), new Quantization(same.Scale * factor, same.ZeroPoint));
    }

    private Shape Joined(Shape other, int axis) => ShapeOf(Last.Shape.Dims.Select((d, i) => i == axis ? d + other[i] : d));

    private static int BatchOf(Tensor tensor, int rank, int axis)
    {
        int index = axis - (rank - tensor.Shape.Rank);
        return index < 0 ? 1 : tensor.Shape[index];
    }
}
