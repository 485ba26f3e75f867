using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

/// <summary>Constants of an int8 product (TensorFlow Lite MUL).</summary>
public sealed record MulLayer(int ZeroPointA, int ZeroPointB, Requantization By, int OutputZeroPoint, int ActivationMin, int ActivationMax) : Int8Layer
{
    public sbyte Apply(int a, int b)
    {
        int y = FixedPoint.Requantize((a - ZeroPointA) * (b - ZeroPointB), By) + OutputZeroPoint;
        return (sbyte)Math.Clamp(y, ActivationMin, ActivationMax);
    }
}

public sealed partial class MulRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        Quantization a = Int8Rules.Activation(node, node.Input(0));
        Quantization b = Int8Rules.Activation(node, node.Input(1));
        Quantization y = Int8Rules.Activation(node, node.Output);
        (int min, int max) = Int8Rules.ActivationRange(Attributes(node).Activation, y);
        Requantization by = FixedPoint.QuantizeMultiplier((double)a.Scale * b.Scale / y.Scale);

        // A product of two differences stays below 2^16; more than 15 bits to the left could leave 32 bits.
        node.Require(by.Shift <= 15, "MCU0719", "the output's scale is too small for the product's");
        return new MulLayer(a.ZeroPoint, b.ZeroPoint, by, y.ZeroPoint, min, max);
    }

    public ChannelFlow Flow(NodeView node) => ChannelFlow.Same(node);

    public void RunInt8(NodeRun run, Int8Layer layer) => Elementwise.RunInt8(run, ((MulLayer)layer).Apply);
}
