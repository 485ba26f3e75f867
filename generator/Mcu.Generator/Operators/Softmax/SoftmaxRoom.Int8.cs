using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

/// <summary>
/// Constants of an int8 softmax (TensorFlow Lite SOFTMAX): the input difference is scaled to Q5.26; differences below
/// <paramref name="DiffMin"/> count as zero.
/// </summary>
public sealed record SoftmaxLayer(int Multiplier, int LeftShift, int DiffMin) : Int8Layer;

public sealed partial class SoftmaxRoom : IInt8Room
{
    private const int ScaledDiffIntegerBits = 5;

    public Int8Layer Prepare(NodeView node)
    {
        Softmax softmax = Attributes(node);
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Output);
        node.Require(softmax.Axis == node.Input(0).Shape.Rank - 1, "MCU0708", "int8 softmax runs along the last axis only");
        node.Require(y is { Scale: 1f / 256, ZeroPoint: -128 }, "MCU0709", "int8 softmax needs output scale 1/256 and zero point -128");
        double real = Math.Min((double)softmax.Beta * x.Scale * (1 << (31 - ScaledDiffIntegerBits)), int.MaxValue);
        node.Require(real > 1, "MCU0710", "the softmax input's scale is too small");
        Requantization by = FixedPoint.QuantizeMultiplier(real);
        double radius = ((1 << ScaledDiffIntegerBits) - 1) * Math.ScaleB(1, 31 - ScaledDiffIntegerBits) / Math.ScaleB(1, by.Shift);
        return new SoftmaxLayer(by.Multiplier, by.Shift, -(int)Math.Floor(radius));
    }

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        int depth = run.Input(0).Shape[-1];
        for (int row = 0; row < run.Output.Int8.Length / depth; row++)
        {
            RunRow((SoftmaxLayer)layer, run.Input(0).Int8.AsSpan(row * depth, depth), run.Output.Int8.AsSpan(row * depth, depth));
        }
    }

    private static void RunRow(SoftmaxLayer layer, ReadOnlySpan<sbyte> x, Span<sbyte> y)
    {
        int max = sbyte.MinValue;
        foreach (sbyte value in x)
        {
            max = Math.Max(max, value);
        }

        int sum = 0;
        foreach (sbyte value in x)
        {
            sum += value - max < layer.DiffMin ? 0 : FixedPoint.RoundingDivideByPowerOfTwo(Exp(layer, value - max), 12);
        }

        (int scale, int bitsOverUnit) = SoftmaxMath.Reciprocal(sum);
        for (int i = 0; i < x.Length; i++)
        {
            int product = x[i] - max < layer.DiffMin ? 0 : FixedPoint.SaturatingRoundingDoublingHighMul(scale, Exp(layer, x[i] - max));
            int value = FixedPoint.RoundingDivideByPowerOfTwo(product, bitsOverUnit + 31 - 8) + sbyte.MinValue;
            y[i] = (sbyte)Math.Clamp(value, sbyte.MinValue, sbyte.MaxValue);
        }
    }

    private static int Exp(SoftmaxLayer layer, int difference) =>
        SoftmaxMath.ExpOnNegativeValues(FixedPoint.SaturatingRoundingDoublingHighMul(difference << layer.LeftShift, layer.Multiplier));
}
