using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

/// <summary>
/// Constants of an int8 softmax (TensorFlow Lite SOFTMAX): the input difference is scaled to Q5.26; differences below
/// <paramref name="DiffMin"/> count as zero. The output's scale is <c>2^-OutputBits</c>, 1/256 in TensorFlow Lite.
/// </summary>
public sealed record SoftmaxLayer(int Multiplier, int LeftShift, int DiffMin, int OutputBits) : Int8Layer
{
    /// <summary>Bits of TensorFlow Lite's output.</summary>
    public const int UsualBits = 8;

    /// <summary>Most bits that the fixed-point sum is good for.</summary>
    public const int MostBits = 15;

    /// <summary><c>exp</c> in Q0.31 of an input <paramref name="steps"/> (0 to 255) below the largest.</summary>
    public int Exponential(int steps) => -steps < DiffMin
        ? 0
        : SoftmaxMath.ExpOnNegativeValues(FixedPoint.SaturatingRoundingDoublingHighMul(-steps << LeftShift, Multiplier));
}

public sealed partial class SoftmaxRoom : IInt8Room
{
    private const int ScaledDiffIntegerBits = 5;

    /// <summary>The sum of exponentials is kept in Q12.19.</summary>
    private const int LongestRow = 4096;

    public Int8Layer Prepare(NodeView node)
    {
        Softmax softmax = Attributes(node);
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Output);
        node.Require(node.Output.Shape[softmax.Axis] < LongestRow, "MCU0708", $"int8 softmax over {node.Output.Shape[softmax.Axis]} values could overflow the sum");
        int bits = -(int)Math.Log2(y.Scale);
        bool usable = bits is >= SoftmaxLayer.UsualBits and <= SoftmaxLayer.MostBits && y.Scale == MathF.ScaleB(1, -bits) && y.ZeroPoint == -128;
        node.Require(usable, "MCU0709", "int8 softmax needs output scale 1/256, or a smaller power of two down to 2^-15, and zero point -128");
        double real = Math.Min((double)softmax.Beta * x.Scale * (1 << (31 - ScaledDiffIntegerBits)), int.MaxValue);
        node.Require(real > 1, "MCU0710", "the softmax input's scale is too small");
        Requantization by = FixedPoint.QuantizeMultiplier(real);
        double radius = ((1 << ScaledDiffIntegerBits) - 1) * Math.ScaleB(1, 31 - ScaledDiffIntegerBits) / Math.ScaleB(1, by.Shift);
        return new SoftmaxLayer(by.Multiplier, by.Shift, -(int)Math.Floor(radius), bits);
    }

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        Rows rows = RowsOf(run.View);
        for (int outer = 0; outer < rows.Outer; outer++)
        {
            for (int inner = 0; inner < rows.Inner; inner++)
            {
                int first = (outer * rows.Depth * rows.Inner) + inner;
                RunRow((SoftmaxLayer)layer, run.Input(0).Int8.AsSpan(first), run.Output.Int8.AsSpan(first), rows.Depth, rows.Inner);
            }
        }
    }

    private static void RunRow(SoftmaxLayer layer, ReadOnlySpan<sbyte> x, Span<sbyte> y, int depth, int stride)
    {
        int max = sbyte.MinValue;
        for (int i = 0; i < depth; i++)
        {
            max = Math.Max(max, x[i * stride]);
        }

        int sum = 0;
        for (int i = 0; i < depth; i++)
        {
            sum += FixedPoint.RoundingDivideByPowerOfTwo(layer.Exponential(max - x[i * stride]), 12);
        }

        (int scale, int bitsOverUnit) = SoftmaxMath.Reciprocal(sum);
        int exponent = bitsOverUnit + 31 - layer.OutputBits;
        for (int i = 0; i < depth; i++)
        {
            int product = FixedPoint.SaturatingRoundingDoublingHighMul(scale, layer.Exponential(max - x[i * stride]));

            // With more than 512 equal values a probability is below half a step; TensorFlow Lite leaves that shift undefined.
            int value = exponent > 31 ? 0 : FixedPoint.RoundingDivideByPowerOfTwo(product, exponent);
            y[i * stride] = (sbyte)Math.Clamp(value + sbyte.MinValue, sbyte.MinValue, sbyte.MaxValue);
        }
    }

    /// <summary>The input as <c>[Outer, Depth, Inner]</c> with the softmax over the middle one.</summary>
    private static Rows RowsOf(NodeView view)
    {
        EquatableArray<int> dims = view.Output.Shape.Dims;
        int axis = Attributes(view).Axis;
        return new Rows(Product(dims.Take(axis)), dims[axis], Product(dims.Skip(axis + 1)));
    }

    private static int Product(IEnumerable<int> dims) => dims.Aggregate(1, (product, d) => product * d);

    private readonly record struct Rows(int Outer, int Depth, int Inner);
}
