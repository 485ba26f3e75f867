using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Operators;

/// <summary>Constants of an int8 product of two activations (TensorFlow Lite BATCH_MATMUL).</summary>
public sealed record BatchMatMulLayer(int ZeroPointX, int ZeroPointY, Requantization By, int OutputZeroPoint) : Int8Layer
{
    /// <summary>Largest product of two differences from zero points.</summary>
    private const long LargestProduct = 255 * 255;

    /// <summary>Bound of an accumulator over <paramref name="depth"/> products.</summary>
    public static long LargestAccumulator(int depth) => depth * LargestProduct;
}

public sealed partial class BatchMatMulRoom : IInt8Room
{
    public Int8Layer Prepare(NodeView node)
    {
        Quantization x = Int8Rules.Activation(node, node.Input(0));
        Quantization y = Int8Rules.Activation(node, node.Input(1));
        Quantization output = Int8Rules.Activation(node, node.Output);
        long largest = BatchMatMulLayer.LargestAccumulator(Extents(Attributes(node), node.Input(0).Shape, node.Input(1).Shape).Depth);
        node.Require(largest < 1L << 31, "MCU0904", $"an accumulator could reach {largest} and overflow 32 bits", "Split the product's inner dimension when exporting.");
        Requantization by = FixedPoint.QuantizeMultiplier((double)x.Scale * y.Scale / output.Scale);
        node.Require(Math.ScaleB(largest, Math.Max(by.Shift, 0)) < Math.ScaleB(1, 31), "MCU0719", "the output's scale is too small for the product's");
        return new BatchMatMulLayer(x.ZeroPoint, y.ZeroPoint, by, output.ZeroPoint);
    }

    public void RunInt8(NodeRun run, Int8Layer layer)
    {
        var product = (BatchMatMulLayer)layer;
        BatchMatMul op = Attributes(run);
        Shape xs = run.Input(0).Shape;
        Shape ys = run.Input(1).Shape;
        MatrixExtents extents = Extents(op, xs, ys);
        int next = 0;
        foreach ((int ix, int iy) in Products(xs, ys))
        {
            ReadOnlySpan<sbyte> x = run.Input(0).Int8.AsSpan(ix * extents.Rows * extents.Depth, extents.Rows * extents.Depth);
            ReadOnlySpan<sbyte> y = run.Input(1).Int8.AsSpan(iy * extents.Columns * extents.Depth, extents.Columns * extents.Depth);
            for (int cell = 0; cell < extents.Rows * extents.Columns; cell++)
            {
                int sum = 0;
                (int row, int column) = (cell / extents.Columns, cell % extents.Columns);
                for (int k = 0; k < extents.Depth; k++)
                {
                    int a = x[op.TransposeX ? (k * extents.Rows) + row : (row * extents.Depth) + k] - product.ZeroPointX;
                    int b = y[op.TransposeY ? (column * extents.Depth) + k : (k * extents.Columns) + column] - product.ZeroPointY;
                    sum += a * b;
                }

                int value = FixedPoint.Requantize(sum, product.By) + product.OutputZeroPoint;
                run.Output.Int8[next++] = (sbyte)Math.Clamp(value, sbyte.MinValue, sbyte.MaxValue);
            }
        }
    }
}
