using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Operators;

public sealed partial class TransposeRoom : ICKernelRoom
{
    public string KernelFolder => "transpose";

    public LoweredLayer? Lower(LoweringContext context)
    {
        NodeView view = context.View;
        List<(int Count, int Stride)> axes = Merged(view.Input(0).Shape, Attributes(view).Permutation);
        if (axes.Count <= 1)
        {
            return null;
        }

        view.Require(axes.All(a => a.Count <= ushort.MaxValue), "MCU0901", "a dimension is larger than 65535");
        return new LoweredLayer(
            "mcu_transpose_s8",
            "mcu_transpose",
            [
                CText.Array("output", LoweringRules.FourDimensions(view, axes.Select(a => a.Count), 1)),
                CText.Array("stride", LoweringRules.FourDimensions(view, axes.Select(a => a.Stride), 0)),
            ],
            ["kernels/transpose/mcu_transpose.h", "kernels/transpose/mcu_transpose_s8.c"]);
    }

    /// <summary>
    /// Output axes with their strides in the input, without axes of length 1 and with neighbours that stay neighbours made one;
    /// one axis or none means that no byte moves.
    /// </summary>
    private static List<(int Count, int Stride)> Merged(Shape x, EquatableArray<int> permutation)
    {
        int[] strides = Strides(x);
        var axes = new List<(int Count, int Stride)>();
        foreach (int axis in permutation.Where(axis => x[axis] > 1))
        {
            if (axes.Count > 0 && axes[^1].Stride == strides[axis] * x[axis])
            {
                axes[^1] = (axes[^1].Count * x[axis], strides[axis]);
            }
            else
            {
                axes.Add((x[axis], strides[axis]));
            }
        }

        return axes;
    }
}
