using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class QuantizeRoom : ICKernelRoom
{
    public string KernelFolder => RescaleLowering.KernelFolder;

    public LoweredLayer Lower(LoweringContext context) => RescaleLowering.Lower(context, (RescaleLayer)context.Layer);
}
