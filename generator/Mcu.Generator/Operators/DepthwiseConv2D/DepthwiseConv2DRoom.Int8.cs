using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class DepthwiseConv2DRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node) =>
        LinearLayerBuilder.Build(node, node.Input(1).Shape[3], productInSingle: false, Attributes(node).Activation);

    public ChannelFlow Flow(NodeView node) =>
        ChannelFlow.From(node, c => c / Attributes(node).Multiplier) with { ReadsPadding = !Attributes(node).Window.Padding.IsZero };

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        DepthwiseConv2D conv = Attributes(run);
        var linear = (LinearLayer)layer;
        Shape y = run.Output.Shape;
        int channels = run.Input(0).Shape[3];
        var patch = new int[conv.Window.KernelH * conv.Window.KernelW * channels];
        ReadOnlySpan<sbyte> weights = linear.Weights.Span;
        for (int position = 0; position < y[0] * y[1] * y[2]; position++)
        {
            PatchReader.Read(run.Input(0), conv.Window, position, y, 0, channels, linear.InputZeroPoint, patch);
            for (int o = 0; o < y[3]; o++)
            {
                int accumulator = linear.Bias[o];
                for (int k = 0; k < conv.Window.KernelH * conv.Window.KernelW; k++)
                {
                    accumulator += weights[(k * y[3]) + o] * patch[(k * channels) + (o / conv.Multiplier)];
                }

                if (linear.Corrections is { } corrections)
                {
                    accumulator += Correct(corrections, o, patch, channels, o / conv.Multiplier);
                }

                run.Output.Int8[(position * y[3]) + o] = linear.Finish(accumulator, o);
            }
        }
    }

    /// <summary>What changed weights of one output add; their columns are taps.</summary>
    private static int Correct(SparseCorrection corrections, int output, int[] patch, int channels, int channel)
    {
        int sum = 0;
        for (int i = corrections.RowStarts[output]; i < corrections.RowStarts[output + 1]; i++)
        {
            sum += corrections.Differences[i] * patch[(corrections.Columns[i] * channels) + channel];
        }

        return sum;
    }
}
