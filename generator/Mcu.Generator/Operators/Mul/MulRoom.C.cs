using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Operators;

public sealed partial class MulRoom : ICKernelRoom
{
    public string KernelFolder => "mul";

    public LoweredLayer? Lower(LoweringContext context)
    {
        var mul = (MulLayer)context.Layer;
        if (ElementwiseLowering.ConstantScalar(context.View) is { } scalar)
        {
            return LookupLowering.LowerUnlessIdentity(context, LookupTable.WithConstant(mul.Apply, scalar.Activation, scalar.Constant), scalar.Activation);
        }

        var layer = new LoweredLayer(
            "mcu_mul_s8",
            "mcu_mul",
            [
                ElementwiseLowering.ShapeField(ElementwiseLowering.WalkOf(context.View)),
                Field("multiplier", mul.By.Multiplier), Field("shift", -mul.By.Shift),
                Field("a_zero_point", mul.ZeroPointA), Field("b_zero_point", mul.ZeroPointB), Field("output_zero_point", mul.OutputZeroPoint),
                Field("activation_min", mul.ActivationMin), Field("activation_max", mul.ActivationMax),
            ],
            ["kernels/mul/mcu_mul.h", "kernels/mul/mcu_mul_s8.c", "runtime/mcu_broadcast.h"]);
        return ElementwiseLowering.WithOperands(layer, context.View);
    }
}
