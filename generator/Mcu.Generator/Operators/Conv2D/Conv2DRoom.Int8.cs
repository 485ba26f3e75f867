using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class Conv2DRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        Conv2D conv = Attributes(node);
        node.Require(conv.Layout == Layout.Nhwc, "MCU0706", "int8 convolution needs NHWC");
        return LinearLayerBuilder.Build(node, node.Input(1).Shape[0], productInSingle: false, conv.Activation);
    }

    public ChannelFlow Flow(NodeView node) =>
        Attributes(node).Groups == 1 ? new MatrixChannels { ReadsPadding = !Attributes(node).Window.Padding.IsZero } : ChannelFlow.Mixed;

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        Conv2D conv = Attributes(run);
        Shape x = run.Input(0).Shape;
        Shape y = run.Output.Shape;
        int channels = x[3] / conv.Groups;
        int outputs = y[3] / conv.Groups;
        var patch = new int[conv.Window.KernelH * conv.Window.KernelW * channels];
        for (int position = 0; position < y[0] * y[1] * y[2]; position++)
        {
            Span<sbyte> row = run.Output.Int8.AsSpan(position * y[3], y[3]);
            for (int g = 0; g < conv.Groups; g++)
            {
                PatchReader.Read(run.Input(0), conv.Window, position, y, g * channels, channels, ((LinearLayer)layer).InputZeroPoint, patch);
                LinearReference.Run(GroupOf((LinearLayer)layer, g, conv.Groups), patch, row.Slice(g * outputs, outputs));
            }
        }
    }

    private static LinearLayer GroupOf(LinearLayer layer, int group, int groups)
    {
        if (groups == 1)
        {
            return layer;
        }

        int outputs = layer.OutputChannels / groups;
        int size = layer.Weights.Length / groups;
        return layer with
        {
            Weights = EquatableArray.Create(layer.Weights.Span.Slice(group * size, size)),
            Bias = EquatableArray.Create(layer.Bias.Span.Slice(group * outputs, outputs)),
            Multipliers = EquatableArray.Create(layer.Multipliers.Span.Slice(group * outputs, outputs)),
            Shifts = EquatableArray.Create(layer.Shifts.Span.Slice(group * outputs, outputs)),
        };
    }
}
