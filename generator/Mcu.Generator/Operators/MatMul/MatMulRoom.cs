using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class MatMulRoom : OperatorRoom<MatMul>
{
    public override string Name => "matmul";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Tensor a = ShapeRules.Activation(node, 0);
        Tensor b = ShapeRules.Activation(node, 1);
        ShapeRules.RequireSameType(node, a, b);
        node.Require(a.Shape.Rank > 0 && b.Shape.Rank > 0, "MCU0620", $"'{a.Name}' {a.Shape} or '{b.Name}' {b.Shape} is a scalar");
        (int[] left, int[] right) = Matrices(a.Shape, b.Shape);
        node.Require(left[^1] == right[^2], "MCU0632", $"inner dimensions {left[^1]} of '{a.Name}' and {right[^2]} of '{b.Name}' differ");
        int[]? batch = Broadcast.Common(left.AsSpan(..^2), right.AsSpan(..^2));
        node.Require(batch is not null, "MCU0627", $"batch dimensions of '{a.Name}' {a.Shape} and '{b.Name}' {b.Shape} cannot be broadcast");
        List<long> dims = [.. batch!.Select(d => (long)d)];
        if (a.Shape.Rank > 1)
        {
            dims.Add(left[^2]);
        }

        if (b.Shape.Rank > 1)
        {
            dims.Add(right[^1]);
        }

        return ShapeRules.Output(node, a.Type, [.. dims]);
    }

    public override long Macs(NodeView node) => node.Output.Shape.Elements * node.Input(0).Shape[-1];

    public override void RunFloat(NodeRun run)
    {
        TensorValue a = run.Input(0);
        TensorValue b = run.Input(1);
        (int[] left, int[] right) = Matrices(a.Shape, b.Shape);
        int[] batch = Broadcast.Common(left.AsSpan(..^2), right.AsSpan(..^2))!;
        int[] stridesA = Broadcast.Strides(left.AsSpan(..^2), batch.Length);
        int[] stridesB = Broadcast.Strides(right.AsSpan(..^2), batch.Length);
        (int rows, int depth, int columns) = (left[^2], left[^1], right[^1]);
        int done = 0;
        foreach ((int indexA, int indexB) in Broadcast.Offsets(batch, stridesA, stridesB))
        {
            Multiply(
                a.Floats.AsSpan(indexA * rows * depth, rows * depth),
                Permute.Data<float>(b.Floats.AsSpan(indexB * depth * columns, depth * columns), new Shape(depth, columns), [1, 0]),
                depth,
                run.Output.Floats.AsSpan(done, rows * columns));
            done += rows * columns;
        }
    }

    private static void Multiply(ReadOnlySpan<float> a, ReadOnlySpan<float> transposedB, int depth, Span<float> y)
    {
        int columns = transposedB.Length / depth;
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = (float)FloatKernels.Dot(a.Slice(i / columns * depth, depth), transposedB.Slice(i % columns * depth, depth));
        }
    }

    /// <summary>Both shapes as stacks of matrices: a vector on the left is a row, on the right a column.</summary>
    private static (int[] Left, int[] Right) Matrices(Shape a, Shape b) => (
        a.Rank == 1 ? [1, a[0]] : a.Dims.ToArray(),
        b.Rank == 1 ? [b[0], 1] : b.Dims.ToArray());
}
