using Mcu.Generator.Graphs;

namespace Mcu.Generator.Calibration;

/// <summary>
/// Symmetric per-channel int8 quantisation of weights and int32 of biases, rounding half to even as fake quantisation in
/// quantisation-aware training does.
/// </summary>
public static class WeightQuantizer
{
    /// <summary>Largest magnitude of a quantised weight.</summary>
    public const int LargestWeight = 127;

    /// <summary>Scales are chosen so that no bias is larger in units of the accumulator.</summary>
    public const int LargestBias = 1 << 28;

    /// <summary>Channel of element <paramref name="index"/>: the first axis, or the last for depthwise weights.</summary>
    public static int ChannelOf(int index, int length, int channels, bool outputsInnermost) =>
        outputsInnermost ? index % channels : index / (length / channels);

    /// <summary>
    /// One scale per channel, so that the largest magnitude is 127; a channel of zeros, or one whose bias would not fit
    /// int32, gets a scale that keeps the bias in range.
    /// </summary>
    /// <param name="bias">Real biases, one per channel.</param>
    /// <param name="inputScale">Scale of the layer's input; the bias has scale input·weight.</param>
    public static float[] Scales(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, float inputScale, bool outputsInnermost)
    {
        int channels = bias.Length;
        var largest = new float[channels];
        for (int i = 0; i < weights.Length; i++)
        {
            int channel = ChannelOf(i, weights.Length, channels, outputsInnermost);
            largest[channel] = Math.Max(largest[channel], MathF.Abs(weights[i]));
        }

        var scales = new float[channels];
        for (int channel = 0; channel < channels; channel++)
        {
            float forBias = MathF.Abs(bias[channel]) / (inputScale * LargestBias);
            float scale = Math.Max(largest[channel] / LargestWeight, forBias);
            scales[channel] = scale > 1e-30f ? scale : 1f / LargestWeight;
        }

        return scales;
    }

    public static sbyte[] Weights(ReadOnlySpan<float> weights, ReadOnlySpan<float> scales, bool outputsInnermost)
    {
        var quantised = new sbyte[weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            double q = Math.Round((double)weights[i] / scales[ChannelOf(i, weights.Length, scales.Length, outputsInnermost)]);
            quantised[i] = (sbyte)Math.Clamp(q, -LargestWeight, LargestWeight);
        }

        return quantised;
    }

    public static int[] Bias(ReadOnlySpan<float> bias, ReadOnlySpan<float> scales, float inputScale)
    {
        var quantised = new int[bias.Length];
        for (int o = 0; o < bias.Length; o++)
        {
            quantised[o] = (int)Math.Clamp(Math.Round(bias[o] / ((double)inputScale * scales[o])), -(1 << 30), 1 << 30);
        }

        return quantised;
    }

    /// <summary>Asymmetric int8 parameters of an activation.</summary>
    public static Quantization Activation(ActivationRange range)
    {
        float scale = (float)(((double)range.Max - range.Min) / 255);
        if (scale <= 1e-30f)
        {
            return new Quantization(1f / 255, 0);
        }

        int zeroPoint = (int)Math.Clamp(Math.Round(sbyte.MinValue - ((double)range.Min / scale)), sbyte.MinValue, sbyte.MaxValue);
        return new Quantization(scale, zeroPoint);
    }
}
