using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>What the TensorFlow Lite 8-bit quantisation specification asks of an operator's tensors.</summary>
public static class Int8Rules
{
    /// <summary>Per-tensor quantisation of an int8 activation; MCU0701 otherwise.</summary>
    public static Quantization Activation(NodeView node, Tensor tensor)
    {
        node.Require(
            tensor.Type == DataType.Int8 && tensor.Quantization is { IsPerChannel: false },
            "MCU0701",
            $"tensor '{tensor.Name}' is {tensor.Type}{(tensor.Quantization is null ? " without quantisation" : "")}, but int8 with one scale is needed",
            "Quantise the whole network, or give --calibration for a float network.");
        return tensor.Quantization!;
    }

    /// <summary>Symmetric quantisation of constant int8 weights, one scale or one per output channel; MCU0702 otherwise.</summary>
    public static Quantization Weights(NodeView node, Tensor weights, int outputChannels)
    {
        Quantization? quantization = weights.Quantization;
        bool fits = weights.Data is Int8Data && quantization is not null
            && (quantization.Scales.Length == 1 || quantization.Scales.Length == outputChannels)
            && quantization.ZeroPoints.All(z => z == 0);
        node.Require(fits, "MCU0702", $"weights '{weights.Name}' are not constant int8 with zero point 0 and 1 or {outputChannels} scales");
        return quantization!;
    }

    /// <summary>An int32 bias, or zeros when absent; MCU0703 for another type.</summary>
    public static EquatableArray<int> Bias(NodeView node, Tensor? bias, int outputChannels)
    {
        if (bias is null)
        {
            return EquatableArray.Wrap(new int[outputChannels]);
        }

        node.Require(bias.Data is Int32Data { Length: var n } && n == outputChannels, "MCU0703", $"bias '{bias.Name}' is not {outputChannels} constant int32 values");
        return ((Int32Data)bias.Data!).Values;
    }

    /// <summary>The fused clamp in int8 (TensorFlow Lite <c>CalculateActivationRangeQuantized</c>).</summary>
    public static (int Min, int Max) ActivationRange(FusedActivation activation, Quantization output)
    {
        int min = float.IsNegativeInfinity(activation.Min) ? sbyte.MinValue : Math.Max(sbyte.MinValue, Round(activation.Min, output));
        int max = float.IsPositiveInfinity(activation.Max) ? sbyte.MaxValue : Math.Min(sbyte.MaxValue, Round(activation.Max, output));
        return (min, max);
    }

    private static int Round(float value, Quantization output) =>
        (int)Math.Clamp(Math.Round((double)(value / output.Scale), MidpointRounding.AwayFromZero) + output.ZeroPoint, -1000, 1000);
}
