using Mcu.Generator.Lowering;

namespace Mcu.Generator.Operators;

public sealed partial class ReshapeRoom : ICKernelRoom
{
    public string? KernelFolder => null;

    public LoweredLayer? Lower(LoweringContext context) => null;
}
