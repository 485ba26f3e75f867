using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Verification;

/// <summary>Real samples in the type of an int8 tensor and back.</summary>
public static class Int8Samples
{
    /// <summary>Rounds to the tensor's int8 grid, saturating.</summary>
    public static TensorValue Quantize(TensorValue sample, Tensor tensor)
    {
        Quantization to = tensor.Quantization!;
        return new TensorValue(tensor.Shape, Array.ConvertAll(sample.Floats, v => FixedPoint.Quantize(v, to.Scale, to.ZeroPoint)));
    }

    /// <summary>The real values that the int8 values stand for.</summary>
    public static float[] Dequantize(TensorValue value, Tensor tensor)
    {
        Quantization of = tensor.Quantization!;
        return Array.ConvertAll(value.Int8, v => of.Scale * (v - of.ZeroPoint));
    }
}
