using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Operators;

public sealed partial class SoftmaxRoom : ICKernelRoom
{
    public string KernelFolder => "softmax";

    public LoweredLayer Lower(LoweringContext context)
    {
        var softmax = (SoftmaxLayer)context.Layer;
        int depth = context.View.Output.Shape[-1];
        long rows = context.View.Output.Shape.Elements / depth;
        context.View.Require(rows <= ushort.MaxValue && depth <= ushort.MaxValue, "MCU0901", "a dimension is larger than 65535");
        return new LoweredLayer(
            "mcu_softmax_s8",
            "mcu_softmax",
            [
                Field("rows", rows), Field("depth", depth),
                Field("multiplier", softmax.Multiplier), Field("left_shift", softmax.LeftShift), Field("difference_min", softmax.DiffMin),
            ],
            ["kernels/softmax/mcu_softmax.h", "kernels/softmax/mcu_softmax_s8.c"])
        {
            Overlaps = [new Overlap(0, 0)],
        };
    }
}
