using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Operators;

public sealed partial class MeanRoom : ICKernelRoom
{
    public string KernelFolder => "mean";

    public LoweredLayer Lower(LoweringContext context)
    {
        NodeView view = context.View;
        var mean = (MeanLayer)context.Layer;
        EquatableArray<int> axes = Attributes(view).Axes;
        EquatableArray<int> dims = view.Input(0).Shape.Dims;
        bool adjacent = axes.Length > 0 && axes[^1] - axes[0] == axes.Length - 1;
        view.Require(adjacent, "MCU0910", "a mean over axes that do not lie side by side has no kernel yet");
        long outer = Product(dims.Take(axes[0]));
        long inner = Product(dims.Skip(axes[^1] + 1));
        view.Require(Math.Max(Math.Max(outer, inner), mean.Count) <= ushort.MaxValue, "MCU0901", "a dimension of the mean is larger than 65535");
        return new LoweredLayer(
            "mcu_mean_s8",
            "mcu_mean",
            [
                Field("outer", outer), Field("reduced", mean.Count), Field("inner", inner),
                Field("multiplier", mean.By.Multiplier), Field("shift", -mean.By.Shift),
                Field("input_zero_point", mean.InputZeroPoint), Field("output_zero_point", mean.OutputZeroPoint),
            ],
            ["kernels/mean/mcu_mean.h", "kernels/mean/mcu_mean_s8.c"])
        {
            Overlaps = [new Overlap(0, 0)],
        };
    }

    private static long Product(IEnumerable<int> dims) => dims.Aggregate(1L, (product, d) => product * d);
}
