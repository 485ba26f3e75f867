using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>Derives <see cref="LinearLayer"/> constants from a node's tensors (input, weights, bias).</summary>
public static class LinearLayerBuilder
{
    /// <summary>Checks the tensors against the TensorFlow Lite 8-bit specification and derives the constants.</summary>
    /// <param name="node">Node with inputs x, weights, bias (optional).</param>
    /// <param name="outputChannels">Number of output channels.</param>
    /// <param name="productInSingle">
    /// Whether the product of input and weight scale is taken in single precision, as TensorFlow Lite Micro does for a
    /// fully connected layer with one weight scale.
    /// </param>
    public static LinearLayer Build(NodeView node, int outputChannels, bool productInSingle, FusedActivation activation)
    {
        Quantization input = Int8Rules.Activation(node, node.Input(0));
        Quantization output = Int8Rules.Activation(node, node.Output);
        Quantization weights = Int8Rules.Weights(node, node.Input(1), outputChannels);
        EquatableArray<int> bias = Int8Rules.Bias(node, node.OptionalInput(2), outputChannels);
        (int min, int max) = Int8Rules.ActivationRange(activation, output);
        var scales = new float[outputChannels];
        for (int o = 0; o < outputChannels; o++)
        {
            scales[o] = weights.ScaleOf(o);
        }

        return Build(
            ((Int8Data)node.Input(1).Data!).Values, scales, bias, input, output, productInSingle && !weights.IsPerChannel, min, max);
    }

    /// <summary>The same from values: new weights with their scales for given activations.</summary>
    public static LinearLayer Build(
        EquatableArray<sbyte> weights,
        float[] weightScales,
        EquatableArray<int> bias,
        Quantization input,
        Quantization output,
        bool productInSingle,
        int activationMin,
        int activationMax)
    {
        var multipliers = new int[weightScales.Length];
        var shifts = new int[weightScales.Length];
        for (int o = 0; o < weightScales.Length; o++)
        {
            double product = productInSingle ? input.Scale * weightScales[o] : (double)input.Scale * weightScales[o];
            (multipliers[o], shifts[o]) = FixedPoint.QuantizeMultiplier(product / output.Scale);
        }

        return new LinearLayer(
            weights,
            EquatableArray.Wrap(weightScales),
            bias,
            EquatableArray.Wrap(multipliers),
            EquatableArray.Wrap(shifts),
            input.ZeroPoint,
            input.Scale,
            output.ZeroPoint,
            output.Scale,
            activationMin,
            activationMax);
    }
}
