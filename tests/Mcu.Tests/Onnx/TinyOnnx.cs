namespace Mcu.Tests.Onnx;

/// <summary>Small valid models.</summary>
internal static class TinyOnnx
{
    public static IReadOnlyList<Func<byte[]>> All { get; } = [Image, Sequence, Transformer];

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

    /// <summary>A decomposed layer normalisation, one attention with a scale, a low-rank branch, and Gelu.</summary>
    public static byte[] Transformer() =>
        new OnnxModelBuilder(12).Input("x", 1, 2, 4).Output("y")
            .Weights("g", [4]).Weights("b", [4]).Weights("w", [4, 4]).Weights("down", [4, 1]).Weights("up", [1, 4]).Weights("two", [], 2).Weights("eps", [], 1e-3f)
            .Node("ReduceMean", "x", "m", ("axes", new[] { -1 })).Node("Sub", "x m", "d").Node("Pow", "d two", "s").Node("ReduceMean", "s", "v", ("axes", new[] { -1 }))
            .Node("Add", "v eps", "e").Node("Sqrt", "e", "r").Node("Div", "d r", "n").Node("Mul", "n g", "k").Node("Add", "k b", "l")
            .Node("MatMul", "l w", "q").Node("MatMul", "l down", "low").Node("MatMul", "low up", "u").Node("Add", "q u", "qq")
            .Node("Transpose", "l", "t", ("perm", new[] { 0, 2, 1 })).Node("MatMul", "qq t", "p").Node("Div", "p two", "c").Node("Softmax", "c", "a", ("axis", 2))
            .Node("MatMul", "a l", "o").Microsoft("Gelu", "o", "y")
            .Bytes();
}
