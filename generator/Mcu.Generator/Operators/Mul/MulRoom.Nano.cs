using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class MulRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        var mul = (MulLayer)context.Layer;
        return new NanoCall(
            "Mul",
            [.. Files("kernels/mul/Mul.cs", "Numerics")],
            [
                .. NanoElementwise.Walk(context.View),
                Number("multiplier", mul.By.Multiplier), Number("shift", -mul.By.Shift),
                Number("aZeroPoint", mul.ZeroPointA), Number("bZeroPoint", mul.ZeroPointB), Number("outputZeroPoint", mul.OutputZeroPoint),
                Number("low", mul.ActivationMin), Number("high", mul.ActivationMax),
            ]);
    }
}
