using Mcu.Generator.Execution;

namespace Mcu.Generator.Operators;

public sealed class SubRoom : OperatorRoom<Sub>
{
    public override string Name => "sub";

    public override IReadOnlyList<OutputType> Infer(NodeView node) => Elementwise.InferBinary(node);

    public override void RunFloat(NodeRun run) => Elementwise.Run(run, (a, b) => a - b);
}
