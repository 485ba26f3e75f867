using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

public sealed partial class GemmRoom : OperatorRoom<Gemm>
{
    public override string Name => "gemm";

    public override IReadOnlyList<OutputType> Infer(NodeView node)
    {
        Gemm op = Attributes(node);
        Tensor a = ShapeRules.Activation(node, 0);
        Tensor b = ShapeRules.Activation(node, 1);
        ShapeRules.RequireRank(node, a, 2);
        ShapeRules.RequireRank(node, b, 2);
        ShapeRules.RequireSameType(node, a, b);
        node.Require(float.IsFinite(op.Alpha) && float.IsFinite(op.Beta), "MCU0634", $"alpha {op.Alpha} or beta {op.Beta} is not finite");
        int depthA = a.Shape[op.TransposeA ? 0 : 1];
        int depthB = b.Shape[op.TransposeB ? 1 : 0];
        node.Require(depthA == depthB, "MCU0632", $"inner dimensions {depthA} of '{a.Name}' and {depthB} of '{b.Name}' differ");
        int rows = a.Shape[op.TransposeA ? 1 : 0];
        int columns = b.Shape[op.TransposeB ? 0 : 1];
        if (node.OptionalInput(2) is { } c)
        {
            ShapeRules.RequireSameType(node, a, c);
            int[]? common = Broadcast.Common(c.Shape.Dims.Span, [rows, columns]);
            node.Require(
                common is not null && common.AsSpan().SequenceEqual([rows, columns]),
                "MCU0627",
                $"'{c.Name}' {c.Shape} cannot be broadcast to [{rows}x{columns}]");
        }

        return ShapeRules.Output(node, a.Type, rows, columns);
    }

    public override long Macs(NodeView node) =>
        node.Output.Shape.Elements * node.Input(0).Shape[Attributes(node).TransposeA ? 0 : 1];

    public override void RunFloat(NodeRun run)
    {
        Gemm op = Attributes(run);
        float[] a = Oriented(run.Input(0), op.TransposeA);
        float[] b = Oriented(run.Input(1), !op.TransposeB);
        int rows = run.Output.Shape[0];
        int columns = run.Output.Shape[1];
        int depth = a.Length / rows;
        TensorValue? c = run.OptionalInput(2);
        int[] strides = c is null ? [0, 0] : Broadcast.Strides(c.Shape.Dims.Span, 2);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                double product = op.Alpha * FloatKernels.Dot(a.AsSpan(i * depth, depth), b.AsSpan(j * depth, depth));
                double addend = c is null || op.Beta == 0 ? 0 : (double)op.Beta * c.Floats[(i * strides[0]) + (j * strides[1])];
                run.Output.Floats[(i * columns) + j] = (float)(product + addend);
            }
        }
    }

    private static float[] Oriented(TensorValue matrix, bool transpose) =>
        transpose ? Permute.Data<float>(matrix.Floats, matrix.Shape, [1, 0]) : matrix.Floats;
}
