using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class LayerNormalizationRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        var norm = (LayerNormalizationLayer)context.Layer;
        int depth = norm.Gamma.Length;
        return new NanoCall(
            "LayerNormalization",
            [.. Files("kernels/layer_normalization/LayerNormalization.cs", "Numerics", "Linear")],
            [
                Number("rows", context.View.Output.Shape.Elements / depth), Number("depth", depth), Number("fractionBits", norm.FractionBits), Number("epsilon", norm.Epsilon),
                Number("outputZeroPoint", norm.OutputZeroPoint),
            ]);
    }
}
