using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

/// <summary>Constants of an int8 pad: the byte that fills.</summary>
public sealed record PadLayer(sbyte Fill) : Int8Layer;

public sealed partial class PadRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Output);
        node.Require(x == y, "MCU0707", "an int8 pad needs the same scale and zero point on input and output");
        return new PadLayer(FixedPoint.Quantize(Attributes(node).Value, y.Scale, y.ZeroPoint));
    }

    public ChannelFlow Flow(NodeView node) =>
        node.Input(0).Shape.Rank > 0 && ChannelFlow.Count(node.Input(0)) == ChannelFlow.Count(node.Output) ? ChannelFlow.Same(node) : ChannelFlow.Mixed;

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        Array.Fill(run.Output.Int8, ((PadLayer)layer).Fill);
        Shape x = run.Input(0).Shape;
        Shape y = run.Output.Shape;
        EquatableArray<int> before = Attributes(run).Before;
        for (int i = 0; i < x.Elements; i++)
        {
            (int rest, int target, int stride) = (i, 0, 1);
            for (int axis = x.Rank - 1; axis >= 0; axis--)
            {
                target += ((rest % x[axis]) + before[axis]) * stride;
                rest /= x[axis];
                stride *= y[axis];
            }

            run.Output.Int8[target] = run.Input(0).Int8[i];
        }
    }
}
