using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;
using static Mcu.Tests.Operators.RoomRunner;

namespace Mcu.Tests.Operators;

/// <summary>Float references of the operators of transformers; expected values by hand or from the C library.</summary>
public class TransformerRoomTests
{
    [Theory]
    [InlineData(0.1, 0.1124629160182849)]
    [InlineData(0.5, 0.5204998778130465)]
    [InlineData(1, 0.8427007929497149)]
    [InlineData(2, 0.9953222650189527)]
    [InlineData(3.5, 0.9999992569016276)]
    [InlineData(5, 0.9999999999984626)]
    [InlineData(40, 1)]
    [InlineData(-1.5, -0.9661051464753108)]
    [InlineData(double.NegativeInfinity, -1)]
    [InlineData(double.NaN, double.NaN)]
    public void Error_function_equals_the_c_library(double x, double expected) =>
        Assert.Equal(expected, ErrorFunction.Erf(x), 1e-14);

    [Fact]
    public void Gelu_is_exact_or_the_tanh_approximation()
    {
        float[] x = [1, -2, 0, 3];
        AssertClose([0.8413447f, -0.04550026f, 0, 2.9959502f], Run(new Gelu(false), ([4], x)));
        AssertClose([0.841192f, -0.0454023f, 0, 2.9963627f], Run(new Gelu(true), ([4], x)));
    }

    [Fact]
    public void Layer_normalization_takes_each_row_for_itself()
    {
        // Row 1: mean 2, variance 1. Row 2: all equal, so only beta is left.
        float[] y = Run(new LayerNormalization(1, 0), ([2, 2], [1, 3, 5, 6]), ([2], [10, 100]), ([2], [0.5f, 0]));
        AssertClose([-9.5f, 100, -9.5f, 100], y);
        AssertClose([0.5f, -0.25f], Run(new LayerNormalization(0, 1e-5f), ([2], [7, 7]), ([2], [1, 1]), ([2], [0.5f, -0.25f])));
    }

    [Fact]
    public void Layer_normalization_needs_no_beta_and_adds_epsilon_to_the_variance() =>
        AssertClose([-0.5f, 0.5f], Run(new LayerNormalization(1, 3), ([1, 2], [1, 3]), ([2], [1, 1])));

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Batch_matmul_reads_either_side_transposed(bool transposeX, bool transposeY)
    {
        // [1 2 3; 4 5 6] · [1 0; 0 1; 2 -1], and twice the first matrix in a second batch.
        float[] x = transposeX ? [1, 4, 2, 5, 3, 6, 2, 8, 4, 10, 6, 12] : [1, 2, 3, 4, 5, 6, 2, 4, 6, 8, 10, 12];
        float[] y = transposeY ? [1, 0, 2, 0, 1, -1] : [1, 0, 0, 1, 2, -1];
        float[] product = Run(
            new BatchMatMul(transposeX, transposeY),
            (transposeX ? [2, 3, 2] : [2, 2, 3], x),
            (transposeY ? [1, 2, 3] : [1, 3, 2], y));
        Assert.Equal([7f, -1, 16, -1, 14, -2, 32, -2], product);
    }

    [Fact]
    public void Arithmetic_broadcasts_either_side()
    {
        Assert.Equal([10f, 40, 30, 80], Run(new Mul(FusedActivation.None), ([2, 2], [1, 2, 3, 4]), ([2], [10, 20])));
        Assert.Equal([0f, 2, 3], Run(new Mul(FusedActivation.Relu), ([], [1]), ([3], [-1, 2, 3])));
        Assert.Equal([9f, 8, 19, 18], Run(new Sub(), ([2, 1], [10, 20]), ([1, 2], [1, 2])));
        Assert.Equal([5f, 2.5f], Run(new Div(), ([1], [10]), ([2], [2, 4])));
        Assert.Equal([9f, 0.5f], Run(new Pow(), ([2], [3, 4]), ([2], [2, -0.5f])));
        Assert.Equal([3f, 0], Run(new Sqrt(), ([2], [9, 0])));
    }

    [Fact]
    public void Softmax_runs_along_any_axis() =>
        AssertClose([0.5f, 0.25f, 0.5f, 0.75f], Run(new Softmax(0, 1), ([2, 2], [1, 0, 1, MathF.Log(3)])));

    private static void AssertClose(float[] expected, float[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
}
