using System.Runtime.InteropServices;

namespace Mcu.Tests.Ingest.Tflite;

/// <summary>Small networks that are written by the tests themselves.</summary>
public static class TinyTflite
{
    public const sbyte Float32Type = 0;
    public const sbyte Float16Type = 1;
    public const sbyte Int32Type = 2;
    public const sbyte Uint8Type = 3;
    public const sbyte Int64Type = 4;
    public const sbyte Int8Type = 9;

    public const int AddCode = 0;
    public const int AveragePoolCode = 1;
    public const int ConvCode = 3;
    public const int DepthwiseCode = 4;
    public const int DequantizeCode = 6;
    public const int FullyConnectedCode = 9;
    public const int ReshapeCode = 22;
    public const int SoftmaxCode = 25;

    /// <summary>Tensor numbers of <see cref="Int8Network"/>.</summary>
    public const int Input = 0;
    public const int ConvWeights = 1;
    public const int ConvBias = 2;
    public const int ConvOut = 3;
    public const int DepthwiseOut = 6;
    public const int NewShape = 8;
    public const int DenseOut = 12;
    public const int Probabilities = 13;

    /// <summary>
    /// An int8 network of six nodes: 3x3 convolution (SAME, RELU6), 3x3 depthwise with stride 2, 2x2 average pool, reshape
    /// with −1, fully connected, softmax. Every kind of constant and quantisation is in it.
    /// </summary>
    public static TfliteSpec Int8Network() => new()
    {
        Codes = [new(ConvCode), new(DepthwiseCode), new(AveragePoolCode), new(ReshapeCode), new(FullyConnectedCode), new(SoftmaxCode)],
        Tensors =
        [
            new("input", Int8Type, [1, 4, 4, 2], null, new QuantSpec(0.5f, -1)) { Signature = [-1, 4, 4, 2] },
            new("conv/weights", Int8Type, [3, 3, 3, 2], Counting(54), new QuantSpec([0.01f, 0.02f, 0.03f], [0, 0, 0])),
            new("conv/bias", Int32Type, [3], Bytes(100, -200, 300), new QuantSpec([0.005f, 0.01f, 0.015f], [0, 0, 0])),
            new("conv", Int8Type, [1, 4, 4, 3], null, new QuantSpec(0.0235f, -128)),
            new("depthwise/weights", Int8Type, [1, 3, 3, 3], Counting(27), new QuantSpec([0.1f, 0.2f, 0.3f], [0, 0, 0], 3)),
            new("depthwise/bias", Int32Type, [3], Bytes(1, 2, 3), new QuantSpec([0.1f, 0.2f, 0.3f], [0, 0, 0])),
            new("depthwise", Int8Type, [1, 2, 2, 3], null, new QuantSpec(0.2f, 4)),
            new("pool", Int8Type, [1, 1, 1, 3], null, new QuantSpec(0.2f, 4)),
            new("shape", Int32Type, [2], Bytes(-1, 3)),
            new("flat", Int8Type, [1, 3], null, new QuantSpec(0.2f, 4)),
            new("dense/weights", Int8Type, [2, 3], Counting(6), new QuantSpec(0.04f, 0)),
            new("dense/bias", Int32Type, [2], Bytes(7, -7), new QuantSpec(0.008f, 0)),
            new("dense", Int8Type, [1, 2], null, new QuantSpec(0.3f, 7)),
            new("probabilities", Int8Type, [1, 2], null, new QuantSpec(1f / 256, -128)),
        ],
        Operators =
        [
            new(0, [0, 1, 2], [3], ConvOptions(padding: 0, stride: 1, activation: 3)),
            new(1, [3, 4, 5], [6], new OptionsSpec(2, (byte)0, 2, 2, 1, (byte)0, 1, 1)),
            new(2, [6], [7], PoolOptions(padding: 1, stride: 2, filter: 2)),
            new(3, [7, 8], [9]),
            new(4, [9, 10, 11], [12], new OptionsSpec(8, (byte)0, (byte)0, false)),
            new(5, [12], [13], new OptionsSpec(9, 1f)),
        ],
        Inputs = [Input],
        Outputs = [Probabilities],
    };

    /// <summary>
    /// A float network with int8 convolution weights (dynamic range) and half-precision dense weights, and the operators
    /// that <see cref="Int8Network"/> lacks.
    /// </summary>
    public static TfliteSpec DynamicRangeNetwork() => new()
    {
        Codes = [new(34), new(ConvCode), new(AddCode), new(17), new(40), new(39), new(DequantizeCode), new(FullyConnectedCode), new(21), new(43), new(70), new(60), new(114)],
        Tensors =
        [
            Floats("x", 1, 4, 4, 2),
            Indices("paddings", [4, 2], 0, 0, 1, 1, 1, 1, 0, 0),
            Floats("padded", 1, 6, 6, 2),
            new("weights", Int8Type, [3, 3, 3, 2], Counting(54), new QuantSpec(0.5f, 0)),
            Floats("conv", 1, 4, 4, 3),
            Constant("offset", [3], 1, 2, 3),
            Floats("sum", 1, 4, 4, 3),
            Floats("max", 1, 2, 2, 3),
            Indices("axes", [2], 1, 2),
            Floats("mean", 1, 3),
            Indices("permutation", [2], 1, 0),
            Floats("turned", 3, 1),
            new("half", Float16Type, [2, 1], [0, 0x3C, 0, 0xC0]),
            Floats("dense/weights", 2, 1),
            Floats("dense", 3, 2),
            Floats("relu6", 3, 2),
            Indices("axis", [], 0),
            Floats("expanded", 1, 3, 2),
            Floats("squeezed", 3, 2),
            Indices("paddings2", [2, 2], 0, 1, 0, 0),
            Constant("value", [1], -1),
            Floats("padded2", 4, 2),
            new("quantised", Int8Type, [4, 2], null, new QuantSpec(0.1f, 1)),
        ],
        Operators =
        [
            new(0, [0, 1], [2]),
            new(1, [2, 3], [4], ConvOptions(padding: 1, stride: 1)),
            new(2, [4, 5], [6], new OptionsSpec(11, (byte)1)),
            new(3, [6], [7], PoolOptions(padding: 0, stride: 2, filter: 2)),
            new(4, [7, 8], [9], new OptionsSpec(27, false)),
            new(5, [9, 10], [11]),
            new(6, [12], [13]),
            new(7, [11, 13], [14], new OptionsSpec(8, (byte)0, (byte)0, true)),
            new(8, [14], [15]),
            new(10, [15, 16], [17]),
            new(9, [17], [18], new OptionsSpec(30, new[] { 0 })),
            new(11, [18, 19, 20], [21]),
            new(12, [21], [22]),
        ],
        Inputs = [0],
        Outputs = [22],
    };

    /// <summary>One operator between the first tensor and the last one; those between are its constants.</summary>
    public static TfliteSpec Single(int builtin, OptionsSpec? options, params TensorSpec[] tensors) => new()
    {
        Codes = [new CodeSpec(builtin)],
        Tensors = tensors,
        Operators = [new(0, [.. Enumerable.Range(0, tensors.Length - 1)], [tensors.Length - 1], options)],
        Inputs = [0],
        Outputs = [tensors.Length - 1],
    };

    public static OptionsSpec ConvOptions(int padding, int stride, int activation = 0, int dilation = 1) =>
        new(1, (byte)padding, stride, stride, (byte)activation, dilation, dilation);

    public static OptionsSpec PoolOptions(int padding, int stride, int filter) =>
        new(5, (byte)padding, stride, stride, filter, filter, (byte)0);

    public static TensorSpec Floats(string name, params int[] shape) => new(name, Float32Type, shape);

    public static TensorSpec Constant(string name, int[] shape, params float[] values) =>
        new(name, Float32Type, shape, MemoryMarshal.AsBytes<float>(values).ToArray());

    public static TensorSpec Indices(string name, int[] shape, params int[] values) => new(name, Int32Type, shape, Bytes(values));

    /// <summary>Little-endian bytes of 32-bit integers.</summary>
    public static byte[] Bytes(params int[] values) => MemoryMarshal.AsBytes<int>(values).ToArray();

    /// <summary>Int8Type values −5, −4, … as bytes.</summary>
    private static byte[] Counting(int count) => [.. Enumerable.Range(-5, count).Select(v => unchecked((byte)v))];
}
