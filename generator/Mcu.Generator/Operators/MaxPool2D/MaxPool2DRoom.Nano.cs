using Mcu.Generator.Lowering;

namespace Mcu.Generator.Operators;

public sealed partial class MaxPool2DRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context) => NanoElementwise.Pool(context, "MaxPool2D", Attributes(context.View).Window);
}
