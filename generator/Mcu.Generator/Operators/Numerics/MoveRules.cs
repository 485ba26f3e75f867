using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>What operators that only move bytes share: quantisation passes through unchanged.</summary>
public static class MoveRules
{
    public static MoveLayer Prepare(NodeView node)
    {
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Output);
        node.Require(x == y, "MCU0707", "an operator that only moves int8 data needs the same scale and zero point on input and output");
        return new MoveLayer();
    }
}
