using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class TransposeRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node) => MoveRules.Prepare(node);

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        Shape x = run.Input(0).Shape;
        Shape y = run.Output.Shape;
        EquatableArray<int> permutation = Attributes(run).Permutation;
        int[] strides = Strides(x);
        for (int o = 0; o < y.Elements; o++)
        {
            int source = 0;
            for (int axis = y.Rank - 1, rest = o; axis >= 0; rest /= y[axis--])
            {
                source += rest % y[axis] * strides[permutation[axis]];
            }

            run.Output.Int8[o] = run.Input(0).Int8[source];
        }
    }
    /// <summary>Elements from one index of an axis to the next.</summary>
    private static int[] Strides(Shape x)
    {
        var strides = new int[x.Rank];
        for (int axis = x.Rank - 1, stride = 1; axis >= 0; stride *= x[axis--])
        {
            strides[axis] = stride;
        }

        return strides;
    }
}
