using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

/// <summary>Constants of an int8 addition (TensorFlow Lite ADD): both inputs are brought to a common scale at 20 more bits.</summary>
public sealed record AddLayer(
    int ZeroPointA,
    int ZeroPointB,
    Requantization RequantizeA,
    Requantization RequantizeB,
    Requantization RequantizeOutput,
    int OutputZeroPoint,
    int ActivationMin,
    int ActivationMax) : Int8Layer
{
    /// <summary>Bits by which inputs are shifted left before they are brought to the common scale.</summary>
    public const int LeftShift = 20;

    public sbyte Apply(int a, int b)
    {
        int x = FixedPoint.Requantize((a - ZeroPointA) << LeftShift, RequantizeA);
        int y = FixedPoint.Requantize((b - ZeroPointB) << LeftShift, RequantizeB);
        int z = FixedPoint.Requantize(x + y, RequantizeOutput) + OutputZeroPoint;
        return (sbyte)Math.Clamp(z, ActivationMin, ActivationMax);
    }
}

public sealed partial class AddRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        Quantization a = Int8Rules.Activation(node, node.Input(0));
        Quantization b = Int8Rules.Activation(node, node.Input(1));
        Quantization y = Int8Rules.Activation(node, node.Output);
        double twiceMax = 2 * (double)Math.Max(a.Scale, b.Scale);
        (int min, int max) = Int8Rules.ActivationRange(Attributes(node).Activation, y);
        return new AddLayer(
            a.ZeroPoint,
            b.ZeroPoint,
            FixedPoint.QuantizeMultiplier(a.Scale / twiceMax),
            FixedPoint.QuantizeMultiplier(b.Scale / twiceMax),
            FixedPoint.QuantizeMultiplier(twiceMax / ((1 << AddLayer.LeftShift) * (double)y.Scale)),
            y.ZeroPoint,
            min,
            max);
    }

    public ChannelFlow Flow(NodeView node) => ChannelFlow.Same(node);

    public void RunInt8(NodeRun run, Int8Layer layer) => Elementwise.RunInt8(run, ((AddLayer)layer).Apply);
}
