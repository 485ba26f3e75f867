using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>What element-wise changes of scale share (requantise, relu).</summary>
public static class RescaleRules
{
    public static RescaleLayer Prepare(NodeView node, int activationMin, int activationMax)
    {
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Output);
        Requantization by = FixedPoint.QuantizeMultiplier((double)x.Scale / y.Scale);
        return new RescaleLayer(x.ZeroPoint, by, y.ZeroPoint, activationMin, activationMax);
    }

    public static void Run(NodeRun run, Int8Layer layer)
    {
        var rescale = (RescaleLayer)layer;
        for (int i = 0; i < run.Output.Int8.Length; i++)
        {
            run.Output.Int8[i] = rescale.Apply(run.Input(0).Int8[i]);
        }
    }
}
