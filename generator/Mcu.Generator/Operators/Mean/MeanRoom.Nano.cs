using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class MeanRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        var mean = (MeanLayer)context.Layer;
        EquatableArray<int> axes = Attributes(context.View).Axes;
        EquatableArray<int> dims = context.View.Input(0).Shape.Dims;
        return new NanoCall(
            "Mean",
            [.. Files("kernels/mean/Mean.cs", "Numerics")],
            [
                Number("outer", Product(dims.Take(axes[0]))), Number("reduced", mean.Count), Number("inner", Product(dims.Skip(axes[^1] + 1))),
                Number("multiplier", mean.By.Multiplier), Number("shift", -mean.By.Shift),
                Number("inputZeroPoint", mean.InputZeroPoint), Number("outputZeroPoint", mean.OutputZeroPoint),
            ]);
    }
}
