using Mcu.Generator.Lowering;

namespace Mcu.Generator.Operators;

public sealed partial class AveragePool2DRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context) => NanoElementwise.Pool(context, "AveragePool2D", Attributes(context.View).Window);
}
