using Mcu.Generator.Execution;

namespace Mcu.Generator.Operators;

public sealed partial class AddRoom : OperatorRoom<Add>
{
    public override string Name => "add";

    public override IReadOnlyList<OutputType> Infer(NodeView node) => Elementwise.InferBinary(node);

    public override void RunFloat(NodeRun run)
    {
        Elementwise.Run(run, (a, b) => a + b);
        FloatKernels.Clamp(run.Output.Floats, Attributes(run).Activation);
    }
}
