using Mcu.Generator.Execution;

namespace Mcu.Generator.Operators;

public sealed class SqrtRoom : OperatorRoom<Sqrt>
{
    public override string Name => "sqrt";

    public override IReadOnlyList<OutputType> Infer(NodeView node) => Elementwise.InferUnary(node);

    public override void RunFloat(NodeRun run) => Elementwise.Run(run, MathF.Sqrt);
}
