using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.CText;

namespace Mcu.Generator.Operators;

public sealed partial class BatchMatMulRoom : ICKernelRoom
{
    /// <summary>Columns of y that the DSP kernel widens at a time.</summary>
    private const int DspColumns = 4;

    /// <summary>Rows of x from which on widening columns pays.</summary>
    private const int DspRows = 4;

    public string KernelFolder => "batch_matmul";

    public LoweredLayer Lower(LoweringContext context)
    {
        NodeView view = context.View;
        var product = (BatchMatMulLayer)context.Layer;
        BatchMatMul op = Attributes(view);
        MatrixExtents extents = Extents(op, view.Input(0).Shape, view.Input(1).Shape);
        Requirements(view, extents);
        bool dsp = context.IsDsp && !op.TransposeX && extents.Rows >= DspRows;
        string suffix = dsp ? "__dsp" : "__c";
        int shift = -product.By.Shift;
        bool fast = shift is >= 1 and <= 22 && BatchMatMulLayer.LargestAccumulator(extents.Depth) < 1L << 30;
        return ElementwiseLowering.WithConstants(
            new LoweredLayer(
                $"mcu_batch_matmul_s8{suffix}",
                "mcu_batch_matmul",
                [
                    .. Walk(view, op, extents),
                    Field("multiplier", product.By.Multiplier), Field("shift", shift),
                    Field("x_zero_point", product.ZeroPointX), Field("y_zero_point", product.ZeroPointY), Field("output_zero_point", product.OutputZeroPoint),
                    Field("fast", fast ? 1 : 0),
                ],
                ["kernels/batch_matmul/mcu_batch_matmul.h", $"kernels/batch_matmul/mcu_batch_matmul_s8{suffix}.c"],
                dsp ? 2 * DspColumns * LinearLowering.PaddedDepth(extents.Depth, dsp) : 0,
                PassesScratch: true),
            view);
    }

    private static void Requirements(NodeView view, MatrixExtents extents)
    {
        int largest = Math.Max(extents.Rows, Math.Max(extents.Depth, extents.Columns));
        view.Require(largest <= ushort.MaxValue, "MCU0901", "a dimension of the product is larger than 65535");
    }

    /// <summary>The operands' strides: a transposed or repeated operand is walked, never copied.</summary>
    private static IEnumerable<string> Walk(NodeView view, BatchMatMul op, MatrixExtents extents)
    {
        ElementwiseLowering.Walk batch = ElementwiseLowering.WalkOf(view, trailing: 2);
        view.Require(batch.Outer.Take(2).All(n => n == 1) && batch.Inner <= ushort.MaxValue, "MCU0903", "a product over more than four dimensions");
        long x = (long)extents.Rows * extents.Depth;
        long y = (long)extents.Depth * extents.Columns;
        return
        [
            Array("batch", [batch.Outer[2], batch.Inner]),
            Field("rows", extents.Rows), Field("depth", extents.Depth), Field("columns", extents.Columns),
            Array("x_batch", [batch.A[2] * x, batch.A[3] * x]), Array("y_batch", [batch.B[2] * y, batch.B[3] * y]),
            Field("x_row", op.TransposeX ? 1 : extents.Depth), Field("x_depth", op.TransposeX ? extents.Rows : 1),
            Field("y_depth", op.TransposeY ? 1 : extents.Columns), Field("y_column", op.TransposeY ? extents.Depth : 1),
        ];
    }
}
