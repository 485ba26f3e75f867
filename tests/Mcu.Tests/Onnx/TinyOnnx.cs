namespace Mcu.Tests.Onnx;

/// <summary>Small valid models.</summary>
internal static class TinyOnnx
{
    /// <summary>An image network with most of the operators.</summary>
    public static byte[] Image() =>
        new OnnxModelBuilder(12).Input("x", 1, 2, 6, 5).Output("y")
            .Weights("w", [3, 2, 3, 3]).Weights("b", [3]).Weights("s", [3], 1, 2, 3).Weights("v", [3], 1, 2, 3).Weights("f", [4, 27])
            .Integers("p", 0, 0, 1, 1, 0, 0, 1, 1).Integers("shape", 0, -1)
            .Node("Pad", "x p", "padded")
            .Node("Conv", "padded w b", "c", ("auto_pad", "SAME_UPPER"), ("strides", new[] { 2, 2 }))
            .Node("BatchNormalization", "c s b b v", "n")
            .Node("Relu", "n", "r")
            .Node("MaxPool", "r", "m", ("kernel_shape", new[] { 2, 2 }), ("ceil_mode", 1))
            .Node("Add", "m m", "a")
            .Node("Reshape", "a shape", "flat")
            .Node("Gemm", "flat f", "y", ("transB", 1))
            .Bytes();

    /// <summary>One-dimensional convolution, shape arithmetic, matrix product and mean.</summary>
    public static byte[] Sequence() =>
        new OnnxModelBuilder(13).Input("x", 1, 3, 8).Output("y", "z")
            .Weights("w", [4, 3, 3]).Weights("low", [], -1).Weights("m", [6, 2]).Integers("zero", 0).Integers("rest", -1).Integers("axis", 0)
            .Node("Conv", "x w", "c").Node("Clip", "c low _", "k")
            .Node("MatMul", "k m", "mm").Node("Softmax", "mm", "s", ("axis", 1))
            .Node("ReduceMean", "s", "y", ("axes", new[] { 1 }), ("keepdims", 0))
            .Node("Shape", "s", "dims").Node("Gather", "dims zero", "batch").Node("Concat", "batch rest", "flat", ("axis", 0))
            .Node("Reshape", "s flat", "r").Node("Transpose", "r", "t").Node("Dropout", "t", "d").Node("Identity", "d", "z")
            .Bytes();
}
