using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class ReshapeRoom : OperatorRoom<Reshape>
{
    public override string Name => "reshape";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Tensor x = node.Input(0);
        Shape target = Attributes(node).Target;
        IReadOnlyList<OutputType> output = ShapeRules.Output(node, x.Type, [.. target.Dims.Select(d => (long)d)]);
        node.Require(target.Elements == x.Shape.Elements, "MCU0630", $"'{x.Name}' {x.Shape} does not have as many elements as {target}");
        return output;
    }

    public override void RunFloat(NodeRun run) => Array.Copy(run.Input(0).Elements, run.Output.Elements, run.Output.Elements.Length);
}
