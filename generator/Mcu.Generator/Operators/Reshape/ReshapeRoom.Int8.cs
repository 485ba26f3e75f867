using Mcu.Generator.Execution;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class ReshapeRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node) => MoveRules.Prepare(node);

    public void RunInt8(NodeRun run, Int8Layer layer) => run.Input(0).Int8.CopyTo(run.Output.Int8, 0);
}
