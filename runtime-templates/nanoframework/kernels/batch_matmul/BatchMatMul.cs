namespace Mcu.Runtime
{
    /// <summary>
    /// out[b0][b1][row][column] = sum over depth of x * y, both operands walked with strides, so that a transposed or repeated one is
    /// never copied. One row by four columns. The bytes of the int8 reference.
    /// </summary>
    internal static class BatchMatMul
    {
        internal static void Run(
            sbyte[] x, int xAt, sbyte[] y, int yAt, sbyte[] output, int outputAt, int batch0, int batch1, int rows, int depth, int columns,
            int xBatch0, int xBatch1, int yBatch0, int yBatch1, int xRow, int xDepth, int yDepth, int yColumn,
            int multiplier, int shift, int xZeroPoint, int yZeroPoint, int outputZeroPoint)
        {
            for (int i = 0; i < batch0; i++)
            {
                for (int j = 0; j < batch1; j++)
                {
                    int a = xAt + i * xBatch0 + j * xBatch1;
                    int b = yAt + i * yBatch0 + j * yBatch1;
                    for (int row = 0; row < rows; row++, a += xRow, outputAt += columns)
                    {
                        Row(x, a, y, b, output, outputAt, depth, columns, xDepth, yDepth, yColumn, multiplier, shift, xZeroPoint, yZeroPoint, outputZeroPoint);
                    }
                }
            }
        }

        private static void Row(
            sbyte[] x, int a, sbyte[] y, int b, sbyte[] output, int outputAt, int depth, int columns, int xDepth, int yDepth, int yColumn,
            int multiplier, int shift, int xZeroPoint, int yZeroPoint, int outputZeroPoint)
        {
            int start = 0;
            for (int k = 0, i = a; k < depth; k++, i += xDepth)
            {
                start += x[i] - xZeroPoint;
            }

            start *= -yZeroPoint;
            for (int column = 0; column < columns; column += 4)
            {
                int c0 = b + column * yColumn;
                int c1 = column + 1 < columns ? c0 + yColumn : c0;
                int c2 = column + 2 < columns ? c1 + yColumn : c0;
                int c3 = column + 3 < columns ? c2 + yColumn : c0;
                int s0 = start;
                int s1 = start;
                int s2 = start;
                int s3 = start;
                int at = 0;
                int i = a;
                for (int k = 0; k < depth; k++, i += xDepth, at += yDepth)
                {
                    int v = x[i] - xZeroPoint;
                    s0 += v * y[c0 + at];
                    s1 += v * y[c1 + at];
                    s2 += v * y[c2 + at];
                    s3 += v * y[c3 + at];
                }

                int to = outputAt + column;
                output[to] = Finish(s0, multiplier, shift, outputZeroPoint);
                if (column + 1 < columns)
                {
                    output[to + 1] = Finish(s1, multiplier, shift, outputZeroPoint);
                }

                if (column + 2 < columns)
                {
                    output[to + 2] = Finish(s2, multiplier, shift, outputZeroPoint);
                }

                if (column + 3 < columns)
                {
                    output[to + 3] = Finish(s3, multiplier, shift, outputZeroPoint);
                }
            }
        }

        private static sbyte Finish(int sum, int multiplier, int shift, int zeroPoint)
        {
            int v = Numerics.Requantize(sum, multiplier, shift) + zeroPoint;
            return (sbyte)(v < -128 ? -128 : (v > 127 ? 127 : v));
        }
    }
}
