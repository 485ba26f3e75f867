using Mcu.Generator.Execution;

namespace Mcu.Generator.Operators;

public sealed class PowRoom : OperatorRoom<Pow>
{
    public override string Name => "pow";

    public override IReadOnlyList<OutputType> Infer(NodeView node) => Elementwise.InferBinary(node);

    public override void RunFloat(NodeRun run) => Elementwise.Run(run, (a, b) => (float)Math.Pow(a, b));
}
