using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class TransposeRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        NodeView view = context.View;
        List<(int Count, int Stride)> axes = Merged(view.Input(0).Shape, Attributes(view).Permutation);
        return new NanoCall(
            "Transpose",
            [.. Files("kernels/transpose/Transpose.cs")],
            [
                .. NanoElementwise.Each("n", LoweringRules.FourDimensions(view, axes.Select(a => a.Count), 1)),
                .. NanoElementwise.Each("stride", LoweringRules.FourDimensions(view, axes.Select(a => a.Stride), 0)),
            ]);
    }
}
