using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class ConcatRoom : OperatorRoom<Concat>
{
    public override string Name => "concat";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        int axis = Attributes(node).Axis;
        Tensor first = ShapeRules.Activation(node, 0);
        int rank = first.Shape.Rank;
        ShapeRules.RequireAxis(node, axis, rank);
        long[] dims = [.. first.Shape.Dims.Select(d => (long)d)];
        for (int i = 1; i < node.InputCount; i++)
        {
            Tensor next = ShapeRules.Activation(node, i);
            ShapeRules.RequireSameType(node, first, next);
            bool fits = next.Shape.Rank == rank && Enumerable.Range(0, rank).All(a => a == axis || next.Shape[a] == first.Shape[a]);
            node.Require(fits, "MCU0627", $"'{first.Name}' {first.Shape} and '{next.Name}' {next.Shape} differ in a dimension other than {axis}");
            dims[axis] += next.Shape[axis];
        }

        return ShapeRules.Output(node, first.Type, dims);
    }

    public override void RunFloat(NodeRun run)
    {
        int axis = Attributes(run).Axis;
        Copy(run, axis, (input, from, to, count) => Array.Copy(run.Input(input).Elements, from, run.Output.Elements, to, count));
    }

    /// <summary>Calls <paramref name="part"/> for every run of elements: input, first element there, first element of the output, length.</summary>
    private static void Copy(NodeRun run, int axis, Action<int, int, int, int> part)
    {
        long outer = run.Output.Shape.Dims.Take(axis).Aggregate(1L, (product, d) => product * d);
        int to = 0;
        for (int row = 0; row < outer; row++)
        {
            for (int input = 0; input < run.Inputs.Count; input++)
            {
                int count = (int)(run.Input(input).Shape.Elements / outer);
                part(input, row * count, to, count);
                to += count;
            }
        }
    }
}
