using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>Extents of one product.</summary>
internal readonly record struct MatrixExtents(int Rows, int Depth, int Columns);

public sealed partial class BatchMatMulRoom : OperatorRoom<BatchMatMul>
{
    public override string Name => "batch_matmul";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Tensor x = ShapeRules.Activation(node, 0);
        Tensor y = ShapeRules.Activation(node, 1);
        ShapeRules.RequireSameType(node, x, y);
        node.Require(x.Shape.Rank >= 2 && y.Shape.Rank >= 2, "MCU0620", $"'{x.Name}' {x.Shape} or '{y.Name}' {y.Shape} is no matrix");
        BatchMatMul op = Attributes(node);
        int depthY = y.Shape[op.TransposeY ? -1 : -2];
        MatrixExtents extents = Extents(op, x.Shape, y.Shape);
        node.Require(extents.Depth == depthY, "MCU0632", $"inner dimensions {extents.Depth} of '{x.Name}' and {depthY} of '{y.Name}' differ");
        int[]? batch = Broadcast.Common(x.Shape.Dims.Span[..^2], y.Shape.Dims.Span[..^2]);
        node.Require(batch is not null, "MCU0627", $"batch dimensions of '{x.Name}' {x.Shape} and '{y.Name}' {y.Shape} cannot be broadcast");
        return ShapeRules.Output(node, x.Type, [.. batch!.Select(d => (long)d), extents.Rows, extents.Columns]);
    }

    public override long Macs(NodeView node) =>
        node.Output.Shape.Elements * Extents(Attributes(node), node.Input(0).Shape, node.Input(1).Shape).Depth;

    public override void RunFloat(NodeRun run)
    {
        BatchMatMul op = Attributes(run);
        Shape xs = run.Input(0).Shape;
        Shape ys = run.Input(1).Shape;
        MatrixExtents extents = Extents(op, xs, ys);
        int done = 0;
        foreach ((int ix, int iy) in Products(xs, ys))
        {
            float[] rows = Oriented(run.Input(0).Floats, ix, extents.Rows, extents.Depth, op.TransposeX);
            float[] columns = Oriented(run.Input(1).Floats, iy, extents.Columns, extents.Depth, !op.TransposeY);
            Multiply(rows, columns, extents, run.Output.Floats.AsSpan(done));
            done += extents.Rows * extents.Columns;
        }
    }

    /// <summary>Rows and depth of x, columns of y.</summary>
    internal static MatrixExtents Extents(BatchMatMul op, Shape x, Shape y) =>
        new(x[op.TransposeX ? -1 : -2], x[op.TransposeX ? -2 : -1], y[op.TransposeY ? -2 : -1]);

    /// <summary>Which matrix of x and which of y each product takes, in the order of the output.</summary>
    internal static IEnumerable<(int X, int Y)> Products(Shape x, Shape y)
    {
        int[] batch = Broadcast.Common(x.Dims.Span[..^2], y.Dims.Span[..^2])!;
        return Broadcast.Offsets(batch, Broadcast.Strides(x.Dims.Span[..^2], batch.Length), Broadcast.Strides(y.Dims.Span[..^2], batch.Length));
    }

    /// <summary>Matrix <paramref name="index"/> of a stack as <paramref name="rows"/> vectors along the depth.</summary>
    private static float[] Oriented(float[] stack, int index, int rows, int depth, bool transposed)
    {
        ReadOnlySpan<float> matrix = stack.AsSpan(index * rows * depth, rows * depth);
        return transposed ? Permute.Data(matrix, new Shape(depth, rows), [1, 0]) : matrix.ToArray();
    }

    private static void Multiply(ReadOnlySpan<float> rows, ReadOnlySpan<float> columns, MatrixExtents extents, Span<float> y)
    {
        int next = 0;
        for (int i = 0; i < extents.Rows; i++)
        {
            for (int j = 0; j < extents.Columns; j++)
            {
                y[next++] = (float)FloatKernels.Dot(rows.Slice(i * extents.Depth, extents.Depth), columns.Slice(j * extents.Depth, extents.Depth));
            }
        }
    }
}
