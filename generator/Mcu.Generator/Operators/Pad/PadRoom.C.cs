using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Operators;

public sealed partial class PadRoom : ICKernelRoom
{
    public string KernelFolder => "pad";

    public LoweredLayer Lower(LoweringContext context)
    {
        NodeView view = context.View;
        view.Require(view.Output.Shape.Dims.All(d => d <= ushort.MaxValue), "MCU0901", "a dimension is larger than 65535");
        return new LoweredLayer(
            "mcu_pad_s8",
            "mcu_pad",
            [
                CText.Array("input", LoweringRules.FourDimensions(view, view.Input(0).Shape.Dims, 1)),
                CText.Array("before", LoweringRules.FourDimensions(view, Attributes(view).Before, 0)),
                CText.Array("output", LoweringRules.FourDimensions(view, view.Output.Shape.Dims, 1)),
                CText.Field("fill", ((PadLayer)context.Layer).Fill),
            ],
            ["kernels/pad/mcu_pad.h", "kernels/pad/mcu_pad_s8.c"]);
    }
}
