using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

/// <summary>Constants of an int8 concatenation: per input how it comes to the output's scale, or null where its bytes stay.</summary>
public sealed record ConcatLayer(EquatableArray<RescaleLayer?> Inputs) : Int8Layer;

public sealed partial class ConcatRoom : IInt8Room
{
    /// <summary>Up to here <c>x − zero point</c>, shifted left by it, fits int32.</summary>
    private const int LargestShift = 22;

    /// <summary>
    /// TensorFlow Lite asks for one scale on all inputs and the output, where bytes are copied; an input of another scale is requantised
    /// as by QUANTIZE.
    /// </summary>
    public Int8Layer Prepare(NodeView node)
    {
        Quantization y = Int8Rules.Activation(node, node.Output);
        return new ConcatLayer(Enumerable.Range(0, node.InputCount).Select(i => Rescale(node, node.Input(i), y)).ToEquatableArray());
    }

    public ChannelFlow Flow(NodeView node) =>
        Attributes(node).Axis == node.Output.Shape.Rank - 1 ? SideBySide(node) : ChannelFlow.Same(node);

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        EquatableArray<RescaleLayer?> inputs = ((ConcatLayer)layer).Inputs;
        sbyte[] y = run.Output.Int8;
        Copy(run, Attributes(run).Axis, (input, from, to, count) =>
        {
            sbyte[] x = run.Input(input).Int8;
            for (int i = 0; i < count; i++)
            {
                y[to + i] = inputs[input]?.Apply(x[from + i]) ?? x[from + i];
            }
        });
    }

    private static LinkedChannels SideBySide(NodeView node)
    {
        var links = new List<ChannelLink>();
        foreach (int input in ChannelFlow.Inputs(node))
        {
            int first = links.Count;
            links.AddRange(Enumerable.Range(0, ChannelFlow.Count(node.Input(input))).Select(c => new ChannelLink(input, c, first + c)));
        }

        return new LinkedChannels(links.ToEquatableArray());
    }

    private static RescaleLayer? Rescale(NodeView node, Tensor input, Quantization y)
    {
        Quantization x = Int8Rules.Activation(node, input);
        if (x == y)
        {
            return null;
        }

        Requantization by = FixedPoint.QuantizeMultiplier((double)x.Scale / y.Scale);
        node.Require(by.Shift <= LargestShift, "MCU0724", $"the scale {x.Scale} of '{input.Name}' is more than 2^{LargestShift} times the output's {y.Scale}");
        return new RescaleLayer(x.ZeroPoint, by, y.ZeroPoint, sbyte.MinValue, sbyte.MaxValue);
    }
}
