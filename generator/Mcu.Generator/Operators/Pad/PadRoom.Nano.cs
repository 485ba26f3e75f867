using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class PadRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        NodeView view = context.View;
        return new NanoCall(
            "Pad",
            [.. Files("kernels/pad/Pad.cs", "Window")],
            [
                .. NanoElementwise.Each("input", LoweringRules.FourDimensions(view, view.Input(0).Shape.Dims, 1)),
                .. NanoElementwise.Each("before", LoweringRules.FourDimensions(view, Attributes(view).Before, 0)),
                .. NanoElementwise.Each("output", LoweringRules.FourDimensions(view, view.Output.Shape.Dims, 1)),
                Number("fill", ((PadLayer)context.Layer).Fill),
            ]);
    }
}
