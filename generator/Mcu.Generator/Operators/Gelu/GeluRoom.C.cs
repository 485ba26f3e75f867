using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class GeluRoom : ICKernelRoom
{
    public string KernelFolder => LookupLowering.KernelFolder;

    public LoweredLayer Lower(LoweringContext context) => LookupLowering.Lower(context, ((LookupLayer)context.Layer).Table);
}
