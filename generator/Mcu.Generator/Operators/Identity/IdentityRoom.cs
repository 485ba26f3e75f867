using Mcu.Generator.Execution;

namespace Mcu.Generator.Operators;

public sealed partial class IdentityRoom : OperatorRoom<Identity>
{
    public override string Name => "identity";

    public override IReadOnlyList<OutputType> Infer(NodeView node) => ShapeRules.SameAs(node.Input(0));

    public override void RunFloat(NodeRun run) => Array.Copy(run.Input(0).Elements, run.Output.Elements, run.Output.Elements.Length);
}
