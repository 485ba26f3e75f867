using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using static Mcu.Generator.Lowering.NanoLowering;

namespace Mcu.Generator.Operators;

public sealed partial class BatchMatMulRoom : INanoKernelRoom
{
    public NanoCall Call(NanoContext context)
    {
        NodeView view = context.View;
        var product = (BatchMatMulLayer)context.Layer;
        BatchMatMul op = Attributes(view);
        MatrixExtents extents = Extents(op, view.Input(0).Shape, view.Input(1).Shape);
        ElementwiseLowering.Walk batch = ElementwiseLowering.WalkOf(view, trailing: 2);
        long x = (long)extents.Rows * extents.Depth;
        long y = (long)extents.Depth * extents.Columns;
        return new NanoCall(
            "BatchMatMul",
            [.. Files("kernels/batch_matmul/BatchMatMul.cs", "Numerics")],
            [
                .. NanoElementwise.Each("batch", [batch.Outer[2], batch.Inner]),
                Number("rows", extents.Rows), Number("depth", extents.Depth), Number("columns", extents.Columns),
                .. NanoElementwise.Each("xBatch", [batch.A[2] * x, batch.A[3] * x]), .. NanoElementwise.Each("yBatch", [batch.B[2] * y, batch.B[3] * y]),
                Number("xRow", op.TransposeX ? 1 : extents.Depth), Number("xDepth", op.TransposeX ? extents.Rows : 1),
                Number("yDepth", op.TransposeY ? 1 : extents.Columns), Number("yColumn", op.TransposeY ? extents.Depth : 1),
                Number("multiplier", product.By.Multiplier), Number("shift", -product.By.Shift),
                Number("xZeroPoint", product.ZeroPointX), Number("yZeroPoint", product.ZeroPointY), Number("outputZeroPoint", product.OutputZeroPoint),
            ]);
    }
}
