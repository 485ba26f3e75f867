using Mcu.Generator.Execution;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed class ErfRoom : OperatorRoom<Erf>
{
    public override string Name => "erf";

    public override IReadOnlyList<OutputType> Infer(NodeView node) => Elementwise.InferUnary(node);

    public override void RunFloat(NodeRun run) => Elementwise.Run(run, x => (float)ErrorFunction.Erf(x));
}
