using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class SoftmaxRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        var softmax = (SoftmaxLayer)context.Layer;
        Rows rows = RowsOf(context.View);
        return new NanoCall(
            "Softmax",
            [.. Files("kernels/softmax/Softmax.cs", "Numerics")],
            [
                Number("outer", rows.Outer), Number("depth", rows.Depth), Number("inner", rows.Inner), Number("multiplier", softmax.Multiplier),
                Number("leftShift", softmax.LeftShift), Number("outputBits", softmax.OutputBits), Number("differenceMin", softmax.DiffMin),
            ])
        {
            Tables = [context.Lowered.FieldTables.Select(t => t.Table).FirstOrDefault()],
        };
    }
}
