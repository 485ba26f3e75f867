namespace Mcu.Runtime
{
    /// <summary>
    /// Depthwise convolution by channel planes: a padded copy of one channel, so that windows need no border cases. A 3x3
    /// window's weights and six of its inputs stay in locals. The bytes of the int8 reference.
    /// </summary>
    internal static class DepthwiseConv2D
    {
        private const long Half = 1L << 30;

        internal static void Run(
            Linear layer, sbyte[] input, int inputAt, sbyte[] output, int outputAt, Scratch scratch,
            int inputH, int inputW, int inputC, int outputH, int outputW, int kernelH, int kernelW, int strideH, int strideW,
            int dilationH, int dilationW, int padTop, int padLeft, int planeH, int planeW, int multiplier,
            int inputZeroPoint, int outputZeroPoint, int low, int high, bool fast)
        {
            sbyte[] plane = scratch.Patch;
            int[] taps = scratch.Terms;
            int outputs = inputC * multiplier;
            bool small = fast && kernelH == 3 && kernelW == 3 && dilationH == 1 && dilationW == 1;
            SparseCursor cursor = default;
            Window.Fill(plane, 0, planeH * planeW, inputZeroPoint);
            for (int c = 0; c < inputC; c++)
            {
                Copy(input, inputAt + c, inputH, inputW, inputC, plane, padTop * planeW + padLeft, planeW);
                for (int m = 0; m < multiplier; m++)
                {
                    int o = c * multiplier + m;
                    int bias = layer.Bias[o] + Taps(layer, o, kernelH * kernelW, inputZeroPoint, taps, ref cursor);
                    if (small)
                    {
                        Channel3x3(plane, planeW, taps, bias, layer.Multiplier[o], layer.Shift[o], output, outputAt + o, outputs, outputH, outputW, strideH, strideW, outputZeroPoint, low, high);
                    }
                    else
                    {
                        Channel(
                            plane, planeW, taps, bias, layer.Multiplier[o], layer.Shift[o], output, outputAt + o, outputs, outputH, outputW,
                            kernelH, kernelW, strideH, strideW, dilationH, dilationW, outputZeroPoint, low, high);
                    }
                }
            }
        }

        /// <summary>Where a stream of changed weights stands.</summary>
        private struct SparseCursor
        {
            internal int At;
            internal int Column;
        }

        private static void Copy(sbyte[] input, int from, int inputH, int inputW, int step, sbyte[] plane, int to, int planeW)
        {
            for (int y = 0; y < inputH; y++, to += planeW)
            {
                int end = to + inputW;
                for (int i = to; i < end; i++, from += step)
                {
                    plane[i] = input[from];
                }
            }
        }

        /// <summary>The channel's weights with an adapter's differences; what these add through the zero point.</summary>
        private static int Taps(Linear layer, int output, int count, int zeroPoint, int[] taps, ref SparseCursor cursor)
        {
            sbyte[] weights = layer.Weights;
            int from = output * count;
            for (int i = 0; i < count; i++)
            {
                taps[i] = weights[from + i];
            }

            byte[] stream = layer.Sparse;
            if (stream == null)
            {
                return 0;
            }

            int correction = 0;
            while (cursor.At < stream.Length && cursor.Column + stream[cursor.At] < count)
            {
                cursor.Column += stream[cursor.At];
                int difference = (sbyte)stream[cursor.At + 1];
                taps[cursor.Column] += difference;
                correction -= difference * zeroPoint;
                cursor.At += 2;
            }

            cursor.Column -= count;
            return correction;
        }

        private static void Channel3x3(
            sbyte[] plane, int planeW, int[] taps, int bias, int multiplier, int shift, sbyte[] output, int to, int outputs,
            int outputH, int outputW, int strideH, int strideW, int zeroPoint, int low, int high)
        {
            int w0 = taps[0];
            int w1 = taps[1];
            int w2 = taps[2];
            int w3 = taps[3];
            int w4 = taps[4];
            int w5 = taps[5];
            int w6 = taps[6];
            int w7 = taps[7];
            int w8 = taps[8];
            long m = multiplier;
            int offset = (zeroPoint << shift) + (1 << (shift - 1));
            for (int oy = 0; oy < outputH; oy++)
            {
                int p = oy * strideH * planeW;
                int q = p + planeW;
                int r = q + planeW;
                if (strideW == 1)
                {
                    int x0 = plane[p];
                    int x1 = plane[p + 1];
                    int x3 = plane[q];
                    int x4 = plane[q + 1];
                    int x6 = plane[r];
                    int x7 = plane[r + 1];
                    p += 2;
                    q += 2;
                    r += 2;
                    for (int end = p + outputW; p < end; p++, q++, r++, to += outputs)
                    {
                        int x2 = plane[p];
                        int x5 = plane[q];
                        int x8 = plane[r];
                        int v = (int)(((bias + x0 * w0 + x1 * w1 + x2 * w2 + x3 * w3 + x4 * w4 + x5 * w5 + x6 * w6 + x7 * w7 + x8 * w8) * m + Half) >> 31);
                        v = (v + (v >> 31) + offset) >> shift;
                        output[to] = (sbyte)(v < low ? low : (v > high ? high : v));
                        x0 = x1;
                        x1 = x2;
                        x3 = x4;
                        x4 = x5;
                        x6 = x7;
                        x7 = x8;
                    }
                }
                else
                {
                    for (int end = p + outputW * strideW; p < end; p += strideW, q += strideW, r += strideW, to += outputs)
                    {
                        int v = (int)(((bias + plane[p] * w0 + plane[p + 1] * w1 + plane[p + 2] * w2 + plane[q] * w3 + plane[q + 1] * w4 + plane[q + 2] * w5
                            + plane[r] * w6 + plane[r + 1] * w7 + plane[r + 2] * w8) * m + Half) >> 31);
                        v = (v + (v >> 31) + offset) >> shift;
                        output[to] = (sbyte)(v < low ? low : (v > high ? high : v));
                    }
                }
            }
        }

        private static void Channel(
            sbyte[] plane, int planeW, int[] taps, int bias, int multiplier, int shift, sbyte[] output, int to, int outputs,
            int outputH, int outputW, int kernelH, int kernelW, int strideH, int strideW, int dilationH, int dilationW, int zeroPoint, int low, int high)
        {
            for (int oy = 0; oy < outputH; oy++)
            {
                int left = oy * strideH * planeW;
                for (int ox = 0; ox < outputW; ox++, left += strideW, to += outputs)
                {
                    int sum = bias;
                    int tap = 0;
                    int row = left;
                    for (int ky = 0; ky < kernelH; ky++, row += dilationH * planeW)
                    {
                        int cell = row;
                        for (int kx = 0; kx < kernelW; kx++, cell += dilationW)
                        {
                            sum += plane[cell] * taps[tap++];
                        }
                    }

                    output[to] = (sbyte)Numerics.Clamp(Numerics.Requantize(sum, multiplier, shift) + zeroPoint, low, high);
                }
            }
        }
    }
}
