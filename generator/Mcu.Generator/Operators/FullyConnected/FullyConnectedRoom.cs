using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class FullyConnectedRoom : OperatorRoom<FullyConnected>
{
    public override string Name => "fully_connected";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Tensor x = ShapeRules.Activation(node, 0);
        Tensor weights = node.Input(1);
        ShapeRules.RequireRank(node, weights, 2);
        ShapeRules.RequireSameType(node, x, weights);
        int outputs = weights.Shape[0];
        int depth = weights.Shape[1];
        ShapeRules.RequireBias(node, 2, x, outputs);
        if (Attributes(node).KeepDims)
        {
            node.Require(x.Shape.Rank > 0 && x.Shape[-1] == depth, "MCU0632", $"the last dimension of '{x.Name}' {x.Shape} is not {depth}, which the weights read");
            return ShapeRules.Output(node, x.Type, [.. x.Shape.Dims.Take(x.Shape.Rank - 1).Select(d => (long)d), outputs]);
        }

        node.Require(depth > 0 && x.Shape.Elements % depth == 0, "MCU0632", $"'{x.Name}' {x.Shape} cannot be cut into rows of {depth}, which the weights read");
        return ShapeRules.Output(node, x.Type, x.Shape.Elements / depth, outputs);
    }

    public override long Macs(NodeView node) => node.Output.Shape.Elements * node.Input(1).Shape[1];

    public override void RunFloat(NodeRun run)
    {
        int depth = run.Input(1).Shape[1];
        int outputs = run.Input(1).Shape[0];
        ReadOnlySpan<float> x = run.Input(0).Floats;
        ReadOnlySpan<float> w = run.Input(1).Floats;
        ReadOnlySpan<float> bias = run.OptionalInput(2)?.Floats;
        Span<float> y = run.Output.Floats;
        for (int row = 0; row < x.Length / depth; row++)
        {
            ReadOnlySpan<float> vector = x.Slice(row * depth, depth);
            for (int o = 0; o < outputs; o++)
            {
                double start = bias.IsEmpty ? 0 : bias[o];
                y[(row * outputs) + o] = (float)(start + FloatKernels.Dot(vector, w.Slice(o * depth, depth)));
            }
        }

        FloatKernels.Clamp(y, Attributes(run).Activation);
    }
}
