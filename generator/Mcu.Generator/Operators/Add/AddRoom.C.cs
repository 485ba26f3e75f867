using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Operators;

public sealed partial class AddRoom : ICKernelRoom
{
    public string KernelFolder => "add";

    public LoweredLayer? Lower(LoweringContext context)
    {
        var add = (AddLayer)context.Layer;
        if (ElementwiseLowering.ConstantScalar(context.View) is { } scalar)
        {
            return LookupLowering.LowerUnlessIdentity(context, LookupTable.WithConstant(add.Apply, scalar.Activation, scalar.Constant), scalar.Activation);
        }

        ElementwiseLowering.Walk walk = ElementwiseLowering.WalkOf(context.View);
        string[] fields = Fields(context, add);
        LoweredLayer layer = walk.IsFlat
            ? new("mcu_add_s8", "mcu_add", [.. fields], Files("mcu_add_s8.c"))
            : new("mcu_add_s8__broadcast", "mcu_add_broadcast", [$".add = {{{string.Join(", ", fields)}}}", ElementwiseLowering.ShapeField(walk)], Files("mcu_add_s8__broadcast.c"));
        return ElementwiseLowering.WithOperands(layer, context.View);
    }

    private static EquatableArray<string> Files(string source) => ["kernels/add/mcu_add.h", "kernels/add/" + source, "runtime/mcu_broadcast.h"];

    private static string[] Fields(LoweringContext context, AddLayer add)
    {
        int[] shifts = [-add.RequantizeA.Shift, -add.RequantizeB.Shift, -add.RequantizeOutput.Shift];

        // An input reaches 255 · 2^20 before its scale of at most 1/2, so the sum stays below 2^30; the kernel's fast path
        // takes input shifts of 0 (a multiplier that halves exactly) and output shifts that leave room for the zero point.
        bool fast = shifts[2] is >= 1 and <= 22 && shifts.Take(2).All(s => s <= 22);
        context.View.Require(shifts.All(s => s >= 0), "MCU0908", "the addition's scales differ too much");
        return
        [
            Field("count", context.View.Output.Shape.Elements),
            Field("a_multiplier", add.RequantizeA.Multiplier), Field("b_multiplier", add.RequantizeB.Multiplier), Field("output_multiplier", add.RequantizeOutput.Multiplier),
            Field("a_shift", shifts[0]), Field("b_shift", shifts[1]), Field("output_shift", shifts[2]),
            Field("a_zero_point", add.ZeroPointA), Field("b_zero_point", add.ZeroPointB), Field("output_zero_point", add.OutputZeroPoint),
            Field("activation_min", add.ActivationMin), Field("activation_max", add.ActivationMax),
            Field("fast", fast ? 1 : 0),
        ];
    }
}
