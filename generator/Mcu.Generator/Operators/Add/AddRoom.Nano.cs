using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class AddRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        var add = (AddLayer)context.Layer;
        return new NanoCall(
            "Add",
            [.. NanoLowering.Files("kernels/add/Add.cs", "Numerics")],
            [
                .. NanoElementwise.Walk(context.View),
                Number("aMultiplier", add.RequantizeA.Multiplier), Number("aShift", -add.RequantizeA.Shift), Number("aZeroPoint", add.ZeroPointA),
                Number("bMultiplier", add.RequantizeB.Multiplier), Number("bShift", -add.RequantizeB.Shift), Number("bZeroPoint", add.ZeroPointB),
                Number("outputMultiplier", add.RequantizeOutput.Multiplier), Number("outputShift", -add.RequantizeOutput.Shift), Number("outputZeroPoint", add.OutputZeroPoint),
                Number("low", add.ActivationMin), Number("high", add.ActivationMax),
            ]);
    }
}
