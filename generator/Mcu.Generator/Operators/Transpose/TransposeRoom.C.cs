using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Operators;

public sealed partial class TransposeRoom : ICKernelRoom
{
    public string KernelFolder => "transpose";

    public LoweredLayer Lower(LoweringContext context)
    {
        NodeView view = context.View;
        view.Require(view.Output.Shape.Dims.All(d => d <= ushort.MaxValue), "MCU0901", "a dimension is larger than 65535");
        Shape x = view.Input(0).Shape;
        var strides = new int[x.Rank];
        for (int axis = x.Rank - 1, stride = 1; axis >= 0; stride *= x[axis--])
        {
            strides[axis] = stride;
        }

        return new LoweredLayer(
            "mcu_transpose_s8",
            "mcu_transpose",
            [
                CText.Array("output", LoweringRules.FourDimensions(view, view.Output.Shape.Dims, 1)),
                CText.Array("stride", LoweringRules.FourDimensions(view, Attributes(view).Permutation.Select(p => strides[p]), 0)),
            ],
            ["kernels/transpose/mcu_transpose.h", "kernels/transpose/mcu_transpose_s8.c"]);
    }
}
