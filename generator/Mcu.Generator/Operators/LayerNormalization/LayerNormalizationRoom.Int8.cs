using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

public sealed partial class LayerNormalizationRoom : IInt8Room
{
    private const string Unusable = "MCU0720";

    public Int8Layer Prepare(NodeView node)
    {
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Output);
        long depth = node.Output.Shape[-1];
        node.Require(depth <= ushort.MaxValue, Unusable, $"rows of {depth} values are longer than 65535");
        int fraction = LayerNormalizationLayer.FractionBitsOf((int)depth);
        (EquatableArray<short> gamma, float scale) = Gamma(node);
        double epsilon = Math.Round(Math.ScaleB(depth * depth * (double)Attributes(node).Epsilon / ((double)x.Scale * x.Scale), LayerNormalizationLayer.VarianceFraction));
        node.Require(epsilon <= Math.ScaleB(1, 61), Unusable, "epsilon is too large beside the input's scale");
        Requantization by = FixedPoint.QuantizeMultiplier(Math.ScaleB(scale, -fraction) / y.Scale);
        node.Require(by.Shift <= 0, "MCU0719", "the output's scale is too small for gamma");
        return new LayerNormalizationLayer(Math.Max(1, (long)epsilon), fraction, gamma, Beta(node, (int)depth, scale, fraction), by, y.ZeroPoint);
    }

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        int depth = run.Output.Shape[-1];
        for (int start = 0; start < run.Output.Int8.Length; start += depth)
        {
            ((LayerNormalizationLayer)layer).Run(run.Input(0).Int8.AsSpan(start, depth), run.Output.Int8.AsSpan(start, depth));
        }
    }

    private static (EquatableArray<short> Values, float Scale) Gamma(NodeView node)
    {
        Tensor gamma = node.Input(1);
        bool fits = gamma is { Data: Int16Data, Quantization: { IsPerChannel: false, ZeroPoint: 0 } };
        node.Require(fits, Unusable, $"gamma '{gamma.Name}' is not constant int16 with one scale and zero point 0");
        return (((Int16Data)gamma.Data!).Values, gamma.Quantization!.Scale);
    }

    private static EquatableArray<int> Beta(NodeView node, int depth, float gammaScale, int fraction)
    {
        if (node.OptionalInput(2) is not { } beta)
        {
            return EquatableArray.Wrap(new int[depth]);
        }

        bool fits = beta is { Data: Int32Data d, Quantization: { IsPerChannel: false, ZeroPoint: 0 } q }
            && q.Scale == MathF.ScaleB(gammaScale, -fraction)
            && d.Values.All(v => Math.Abs((long)v) <= LayerNormalizationLayer.LargestBeta);
        node.Require(fits, Unusable, $"beta '{beta.Name}' is not constant int32 within 2^29 at gamma's scale divided by 2^{fraction}");
        return ((Int32Data)beta.Data!).Values;
    }
}
