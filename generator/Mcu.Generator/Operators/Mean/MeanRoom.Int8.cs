using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

/// <summary>Constants of an int8 mean: the division is part of the multiplier (TensorFlow Lite MEAN).</summary>
public sealed record MeanLayer(int InputZeroPoint, int Count, Requantization By, int OutputZeroPoint) : Int8Layer;

public sealed partial class MeanRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Output);
        long count = node.Input(0).Shape.Elements / node.Output.Shape.Elements;
        Requantization by = FixedPoint.QuantizeMultiplier((double)x.Scale / y.Scale);
        int shift = Math.Min(Math.Min(63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)count), 32), 31 + by.Shift);
        return new MeanLayer(x.ZeroPoint, (int)count, new Requantization((int)(((long)by.Multiplier << shift) / count), by.Shift - shift), y.ZeroPoint);
    }

    public ChannelFlow Flow(NodeView node) =>
        Attributes(node).Axes.Contains(node.Input(0).Shape.Rank - 1) ? ChannelFlow.Mixed : ChannelFlow.Same(node);

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        var mean = (MeanLayer)layer;
        Shape x = run.Input(0).Shape;
        EquatableArray<int> axes = Attributes(run).Axes;
        var sums = new int[run.Output.Int8.Length];
        for (int i = 0; i < x.Elements; i++)
        {
            sums[MeanIndex.OutputIndex(i, x, axes)] += run.Input(0).Int8[i];
        }

        for (int o = 0; o < sums.Length; o++)
        {
            int value = FixedPoint.Requantize(sums[o] - (mean.InputZeroPoint * mean.Count), mean.By) + mean.OutputZeroPoint;
            run.Output.Int8[o] = (sbyte)Math.Clamp(value, sbyte.MinValue, sbyte.MaxValue);
        }
    }
}

internal static class MeanIndex
{
    /// <summary>Where an input element's sum goes: its index with the reduced axes left out.</summary>
    public static int OutputIndex(int index, Shape x, EquatableArray<int> axes)
    {
        int output = 0;
        int stride = 1;
        for (int axis = x.Rank - 1; axis >= 0; axis--)
        {
            int coordinate = index % x[axis];
            index /= x[axis];
            if (!axes.Contains(axis))
            {
                output += coordinate * stride;
                stride *= x[axis];
            }
        }

        return output;
    }
}
