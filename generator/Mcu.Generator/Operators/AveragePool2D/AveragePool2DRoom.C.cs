using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class AveragePool2DRoom : ICKernelRoom
{
    public string KernelFolder => "average_pool2d";

    public LoweredLayer Lower(LoweringContext context) =>
        PoolLowering.Lower(context, KernelFolder, Attributes(context.View).Window, (ClampLayer)context.Layer);
}
