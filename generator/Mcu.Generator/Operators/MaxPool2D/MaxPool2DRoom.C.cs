using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class MaxPool2DRoom : ICKernelRoom
{
    public string KernelFolder => "max_pool2d";

    public LoweredLayer Lower(LoweringContext context) =>
        PoolLowering.Lower(context, KernelFolder, Attributes(context.View).Window, (ClampLayer)context.Layer);
}
