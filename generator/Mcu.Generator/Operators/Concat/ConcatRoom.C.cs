using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class ConcatRoom : ICKernelRoom
{
    public string KernelFolder => "concat";

    public LoweredLayer Lower(LoweringContext context)
    {
        NodeView view = context.View;
        int[] inputs = [.. Enumerable.Range(0, view.InputCount)];
        view.Require(inputs.Any(i => !view.Input(i).IsConstant), "MCU0907", "all operands are constants", "Fold them when exporting.");
        RescaleLayer?[] rescales = [.. ((ConcatLayer)context.Layer).Inputs];
        long outer = view.Output.Shape.Dims.Take(Attributes(view).Axis).Aggregate(1L, (product, d) => product * d);
        return new LoweredLayer(
            "mcu_concat_s8",
            "mcu_concat",
            [CText.Field("inputs", inputs.Length), CText.Field("outer", outer)],
            ["kernels/concat/mcu_concat.h", "kernels/concat/mcu_concat_s8.c"])
        {
            FieldTables =
            [
                ("run", CTable.Int32(inputs.Select(i => (int)(view.Input(i).Shape.Elements / outer)))),
                ("multiplier", CTable.Int32(rescales.Select(r => r?.By.Multiplier ?? 0))),
                ("shift", CTable.Int8(rescales.Select(r => (sbyte)-(r?.By.Shift ?? 0)))),
                ("moves", CTable.UInt8(rescales.Select(r => r is null ? 1 : 0))),
                ("zero_point", CTable.Int8(rescales.Select(r => (sbyte)(r?.InputZeroPoint ?? 0)).Append((sbyte)view.Output.Quantization!.ZeroPoint))),
            ],
            DataInputs = inputs.ToEquatableArray(),
            ConstantInputs = inputs.Where(i => view.Input(i).IsConstant).Select(i => (i, CTable.Int8(((Int8Data)view.Input(i).Data!).Values))).ToEquatableArray(),
            ListsInputs = true,
        };
    }
}
