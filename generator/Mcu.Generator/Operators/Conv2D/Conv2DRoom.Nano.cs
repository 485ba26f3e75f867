using Mcu.Generator.Lowering;

namespace Mcu.Generator.Operators;

public sealed partial class Conv2DRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context) =>
        NanoLowering.Convolution(context, Attributes(context.View).Window, context.View.Input(0).Shape, context.View.Output.Shape);
}
