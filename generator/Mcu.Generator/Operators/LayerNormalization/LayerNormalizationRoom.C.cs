using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Operators;

public sealed partial class LayerNormalizationRoom : ICKernelRoom
{
    public string KernelFolder => "layer_normalization";

    public LoweredLayer Lower(LoweringContext context)
    {
        var norm = (LayerNormalizationLayer)context.Layer;
        int depth = norm.Gamma.Length;
        LinearShape shape = new(LinearKind.Norm, depth, 1, sizeof(short), context.AgreeOn([.. context.Layers.Cast<LayerNormalizationLayer>().Select(IsFast)]));
        return new LoweredLayer(
            "mcu_layer_normalization_s8",
            "mcu_layer_normalization",
            [
                NormLowering.ShapeField(context, shape), Field("rows", context.View.Output.Shape.Elements / depth),
                Field("fraction_bits", norm.FractionBits), Field("epsilon", norm.Epsilon),
            ],
            ["kernels/layer_normalization/mcu_layer_normalization.h", "kernels/layer_normalization/mcu_layer_normalization_s8.c"])
        {
            Shape = shape,
            Linear = NormLowering.Tables(norm),
            Adapters = context.AdapterTables<LayerNormalizationLayer>(NormLowering.Tables),
            Overlaps = [new Overlap(0, 0)],
        };
    }

    private static bool IsFast(LayerNormalizationLayer norm) =>
        norm.By is { Shift: <= -1 and >= -LinearLowering.LargestFastShift, Multiplier: >= 1 << 30 } && NormLowering.LargestAccumulator(norm) < LinearLowering.FastLimit;
}
