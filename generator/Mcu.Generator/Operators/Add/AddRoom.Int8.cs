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
}

public sealed partial class AddRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        node.Require(node.Input(0).Shape == node.Input(1).Shape, "MCU0705", $"int8 addition needs equal shapes, not {node.Input(0).Shape} and {node.Input(1).Shape}");
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

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        var add = (AddLayer)layer;
        for (int i = 0; i < run.Output.Int8.Length; i++)
        {
            int a = FixedPoint.Requantize((run.Input(0).Int8[i] - add.ZeroPointA) << AddLayer.LeftShift, add.RequantizeA);
            int b = FixedPoint.Requantize((run.Input(1).Int8[i] - add.ZeroPointB) << AddLayer.LeftShift, add.RequantizeB);
            int y = FixedPoint.Requantize(a + b, add.RequantizeOutput) + add.OutputZeroPoint;
            run.Output.Int8[i] = (sbyte)Math.Clamp(y, add.ActivationMin, add.ActivationMax);
        }
    }
}
