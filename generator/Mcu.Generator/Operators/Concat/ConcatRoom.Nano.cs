using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class ConcatRoom : INanoKernelRoom
{
    /// <summary>The managed kernel joins two inputs; MCU1504 for others.</summary>
    public NanoCall Call(NanoContext context)
    {
        NodeView view = context.View;
        view.Require(view.InputCount == 2, "MCU1504", $"the operator joins {view.InputCount} inputs, and its managed kernel two", "Use --form interop, or join them two at a time when exporting.");
        EquatableArray<RescaleLayer?> rescales = ((ConcatLayer)context.Layer).Inputs;
        long outer = view.Output.Shape.Dims.Take(Attributes(view).Axis).Aggregate(1L, (product, d) => product * d);
        return new NanoCall(
            "Concat",
            [.. Files("kernels/concat/Concat.cs", "Numerics")],
            [
                Number("outer", outer), Number("aRun", view.Input(0).Shape.Elements / outer), Number("bRun", view.Input(1).Shape.Elements / outer),
                .. Part("a", rescales[0]), .. Part("b", rescales[1]), Number("outputZeroPoint", view.Output.Quantization!.ZeroPoint),
            ]);
    }

    private static IEnumerable<(string Name, string Value)> Part(string name, RescaleLayer? rescale) =>
    [
        Flag(name + "Moves", rescale is null), Number(name + "Multiplier", rescale?.By.Multiplier ?? 0), Number(name + "Shift", -(rescale?.By.Shift ?? 0)),
        Number(name + "ZeroPoint", rescale?.InputZeroPoint ?? 0),
    ];
}
