using Mcu.Generator.Emit.C;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;
using Mcu.Tests.Int8;

namespace Mcu.Tests.Lowering;

/// <summary>Which kernel runs an operator of a transformer, and where none has to.</summary>
public sealed class TransformerLoweringTests
{
    [Theory]
    [InlineData(KernelSet.Dsp, 3, "mcu_conv2d_s8__dsp")]
    [InlineData(KernelSet.Dsp, 64, "mcu_conv2d_s8__dsp")]
    [InlineData(KernelSet.Dsp, 2, "mcu_fully_connected_s8__dsp")]
    [InlineData(KernelSet.Portable, 64, "mcu_fully_connected_s8__c")]
    public void Rows_of_tokens_run_in_the_block_kernel(KernelSet kernels, int rows, string function) =>
        Assert.Equal([function], Functions(Builder(1, rows, 10).Connected(6, keepDims: true), kernels));

    [Fact]
    public void A_transpose_that_keeps_the_bytes_in_order_has_no_kernel()
    {
        Assert.Equal(["mcu_lookup_s8"], Functions(Builder(1, 4, 1, 6).Transpose(0, 2, 1, 3).Gelu(1)));
        Assert.Equal(["mcu_transpose_s8", "mcu_lookup_s8"], Functions(Builder(1, 4, 2, 6).Transpose(0, 2, 1, 3).Gelu(1)));
    }

    /// <summary>Five axes, of which two pairs stay together.</summary>
    [Fact]
    public void Axes_that_move_together_count_as_one() =>
        Assert.Equal(["mcu_transpose_s8"], Functions(Builder(2, 3, 4, 5, 6).Transpose(3, 4, 0, 1, 2)));

    [Fact]
    public void A_scalar_operand_becomes_a_table()
    {
        Assert.Equal(["mcu_lookup_s8"], Functions(Builder(2, 3).WithConstant(new Mul(FusedActivation.None), [1], true)));
        Assert.Equal(["mcu_lookup_s8"], Functions(Builder(2, 3).WithConstant(new Add(FusedActivation.None), [1, 1], false)));
        Assert.Equal(["mcu_mul_s8"], Functions(Builder(2, 3).WithConstant(new Mul(FusedActivation.None), [3], true)));
        Assert.Equal(["mcu_add_s8__broadcast"], Functions(Builder(2, 3).WithConstant(new Add(FusedActivation.None), [2, 1], true)));
        Assert.Equal(["mcu_add_s8"], Functions(Builder(2, 3).WithConstant(new Add(FusedActivation.None), [2, 3], true)));
    }

    [Fact]
    public void A_constant_operand_lies_in_flash()
    {
        CProgram program = Program(Builder(2, 3).WithConstant(new Add(FusedActivation.None), [2, 3], true), KernelSet.Portable);
        CEmission emission = CEmitter.Emit(program, "net", "host");

        Assert.Equal(6, emission.WeightBytes);
        Assert.Equal(6, program.ConstantBytes);
        Assert.Contains("mcu_add_s8(&net_l0, net_l0_input0, arena, arena);", emission.Files["net.c"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 64, "mcu_batch_matmul_s8__c")]
    [InlineData(false, 64, "mcu_batch_matmul_s8__dsp")]
    [InlineData(false, 3, "mcu_batch_matmul_s8__c")]
    public void A_product_runs_in_the_dsp_kernel_where_rows_lie_along_the_depth_and_are_many(bool transposeX, int rows, string function)
    {
        Int8GraphBuilder builder = transposeX ? Builder(1, 8, rows) : Builder(1, rows, 8);

        Assert.Equal([function], Functions(builder.WithConstant(new BatchMatMul(transposeX, false), [1, 8, 5], false, 90, new Shape(1, rows, 5)), KernelSet.Dsp));
    }

    /// <summary>
    /// Rows with a stride may lie exactly on their input or apart: an output that starts a little before its input would
    /// overwrite neighbours that are still to be read.
    /// </summary>
    [Fact]
    public void Softmax_over_an_inner_axis_works_in_place_only_exactly()
    {
        Assert.Equal([new Overlap(0, 0)], Program(Builder(2, 3, 4).Softmax(2), KernelSet.Portable).Steps[0].Layer.Overlaps);
        Assert.Equal([new Overlap(0, 0, Exact: true)], Program(Builder(2, 3, 4).Softmax(1), KernelSet.Portable).Steps[0].Layer.Overlaps);
    }

    private static Int8GraphBuilder Builder(params int[] shape) => new(new Random(5), new Shape(shape));

    private static string[] Functions(Int8GraphBuilder builder, KernelSet kernels = KernelSet.Portable) =>
        [.. Program(builder, kernels).Steps.Select(s => s.Layer.Function)];

    private static CProgram Program(Int8GraphBuilder builder, KernelSet kernels) =>
        CProgramBuilder.Build(Int8Model.Prepare(builder.Build()), kernels, Generator.Planning.PlannerOptions.Default, TestContext.Current.CancellationToken);
}
