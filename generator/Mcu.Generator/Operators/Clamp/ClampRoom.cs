using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class ClampRoom : OperatorRoom<Clamp>
{
    public override string Name => "clamp";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Tensor x = ShapeRules.Activation(node, 0);
        FusedActivation range = Attributes(node).Range;
        node.Require(range.Min <= range.Max, "MCU0634", $"the range {range.Min}..{range.Max} is empty");
        return ShapeRules.SameAs(x);
    }

    public override void RunFloat(NodeRun run)
    {
        run.Input(0).Floats.CopyTo(run.Output.Floats, 0);
        FloatKernels.Clamp(run.Output.Floats, Attributes(run).Range);
    }
}
