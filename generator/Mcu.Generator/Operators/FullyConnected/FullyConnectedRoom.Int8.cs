using Mcu.Generator.Execution;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class FullyConnectedRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node) =>
        LinearLayerBuilder.Build(node, node.Input(1).Shape[0], productInSingle: true, Attributes(node).Activation);

    public ChannelFlow Flow(NodeView node) =>
        node.Input(1).Shape[1] % ChannelFlow.Count(node.Input(0)) == 0 ? new MatrixChannels() : ChannelFlow.Mixed;

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        var linear = (LinearLayer)layer;
        int outputs = linear.OutputChannels;
        int depth = linear.Weights.Length / outputs;
        var patch = new int[depth];
        for (int row = 0; row < run.Output.Int8.Length / outputs; row++)
        {
            for (int k = 0; k < depth; k++)
            {
                patch[k] = run.Input(0).Int8[(row * depth) + k] - linear.InputZeroPoint;
            }

            LinearReference.Run(linear, patch, run.Output.Int8.AsSpan(row * outputs, outputs));
        }
    }
}
