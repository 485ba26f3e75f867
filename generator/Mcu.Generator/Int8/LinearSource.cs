using Mcu.Generator.Calibration;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>
/// What an adapter changes: a linear node's real weights and bias beside its int8 layer. Real weights come from the float
/// model where there is one, else from the int8 weights and their scales.
/// </summary>
/// <param name="Weights">Real weights in the node's layout.</param>
/// <param name="Bias">Real bias per output channel.</param>
/// <param name="OutputsInnermost">Whether the output channel is the last axis (depthwise).</param>
/// <param name="ProductInSingle">See <see cref="LinearLayerBuilder"/>.</param>
public sealed record LinearSource(NodeView Node, LinearLayer Layer, float[] Weights, float[] Bias, bool OutputsInnermost, bool ProductInSingle)
{
    private const float SmallestScale = 1e-30f;
    private const float LargestScale = 1e30f;

    public int Outputs => Layer.OutputChannels;

    /// <summary>Weights per output.</summary>
    public int Depth => Weights.Length / Outputs;

    /// <param name="model">Int8 model.</param>
    /// <param name="floatGraph">Canonical float graph with the same node names, or null for a base that was int8.</param>
    public static LinearSource Of(Int8Model model, Graph? floatGraph, Node node)
    {
        var layer = (LinearLayer)model.Layers[node.Name];
        bool innermost = node.Operator is DepthwiseConv2D;
        float[] weights = floatGraph is null ? Dequantized(layer, innermost) : floatGraph[node.Inputs[1]].Floats();
        float[] bias = floatGraph is null ? DequantizedBias(layer) : floatGraph.InputOf(node, 2)?.Floats() ?? new float[layer.OutputChannels];
        return new LinearSource(new NodeView(model.Graph, node), layer, weights, bias, innermost, node.Operator is FullyConnected);
    }

    /// <summary>The layer with other real weights and bias, under new per-channel scales.</summary>
    public LinearLayer WithWeights(float[] weights, float[] bias)
    {
        float[] scales = WeightQuantizer.Scales(weights, bias, Layer.InputScale, OutputsInnermost);
        EquatableArray<sbyte> quantised = EquatableArray.Wrap(WeightQuantizer.Weights(weights, scales, OutputsInnermost));
        return WithQuantized(quantised, scales, EquatableArray.Wrap(WeightQuantizer.Bias(bias, scales, Layer.InputScale)));
    }

    /// <summary>The layer with int8 weights under scales of their own, one or one per output, and another real bias.</summary>
    public LinearLayer WithScales(EquatableArray<sbyte> weights, EquatableArray<float> scales, float[] bias)
    {
        float[] perOutput = [.. Enumerable.Range(0, Outputs).Select(o => scales.Length == 1 ? scales[0] : scales[o])];
        return WithQuantized(weights, perOutput, EquatableArray.Wrap(WeightQuantizer.Bias(bias, perOutput, Layer.InputScale)));
    }

    /// <summary>The layer with another real bias.</summary>
    public LinearLayer WithBias(float[] bias) =>
        Layer with { Bias = EquatableArray.Wrap(WeightQuantizer.Bias(bias, Layer.WeightScales.Span, Layer.InputScale)) };

    /// <summary>
    /// The layer with each output multiplied: other scales, multipliers and shifts, the weights' bytes as they are. Null where a
    /// factor is so small or large that a multiplier or the bias leaves its range.
    /// </summary>
    /// <param name="factors">Above zero, one per output.</param>
    /// <param name="bias">New real bias; null where it is the old one times the factors, whose int32 value is then unchanged.</param>
    public LinearLayer? Scaled(double[] factors, float[]? bias)
    {
        float[] scales = [.. factors.Select((f, o) => (float)(f * Layer.WeightScales[o]))];
        EquatableArray<int> quantised = bias is null ? Layer.Bias : EquatableArray.Wrap(WeightQuantizer.Bias(bias, scales, Layer.InputScale));
        LinearLayer scaled = WithQuantized(Layer.Weights, scales, quantised);

        // Outputs that keep their factor keep their bytes, also where the base rounds its product in single precision.
        LinearLayer exact = scaled with
        {
            Multipliers = factors.Select((f, o) => f == 1 ? Layer.Multipliers[o] : scaled.Multipliers[o]).ToEquatableArray(),
            Shifts = factors.Select((f, o) => f == 1 ? Layer.Shifts[o] : scaled.Shifts[o]).ToEquatableArray(),
        };
        bool fits = scales.All(s => s is >= SmallestScale and <= LargestScale)
            && exact.Multipliers.All(m => m > 0)
            && (bias is null || quantised.All(b => Math.Abs((long)b) <= WeightQuantizer.LargestBias));
        return fits ? exact : null;
    }

    public LinearLayer WithQuantized(EquatableArray<sbyte> weights, float[] scales, EquatableArray<int> bias) => LinearLayerBuilder.Build(
        weights,
        scales,
        bias,
        new Quantization(Layer.InputScale, Layer.InputZeroPoint),
        new Quantization(Layer.OutputScale, Layer.OutputZeroPoint),
        ProductInSingle && scales.Length == 1,
        Layer.ActivationMin,
        Layer.ActivationMax);

    private static float[] Dequantized(LinearLayer layer, bool innermost)
    {
        var weights = new float[layer.Weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = layer.Weights[i] * layer.WeightScales[WeightQuantizer.ChannelOf(i, weights.Length, layer.OutputChannels, innermost)];
        }

        return weights;
    }

    private static float[] DequantizedBias(LinearLayer layer)
    {
        var bias = new float[layer.OutputChannels];
        for (int o = 0; o < bias.Length; o++)
        {
            bias[o] = layer.Bias[o] * layer.InputScale * layer.WeightScales[o];
        }

        return bias;
    }
}
