namespace Mcu.Runtime
{
    /// <summary>
    /// Fully connected layer, few rows. With packed weights one multiplication does three outputs' work; else four outputs share each
    /// input. The bytes of the int8 reference.
    /// </summary>
    internal static class FullyConnected
    {
        private const long Half = 1L << 30;

        internal static void Run(
            Linear layer, sbyte[] input, int inputAt, sbyte[] output, int outputAt, Scratch scratch, int rows, int depth, int outputs,
            int inputZeroPoint, int outputZeroPoint, int low, int high, bool fast, int chunk)
        {
            for (int row = 0; row < rows; row++, inputAt += depth, outputAt += outputs)
            {
                int[] terms = null;
#if ADAPTER_TERMS
                if (layer.Lora != null || layer.Sparse != null)
                {
                    terms = scratch.Terms;
                    AdapterTerms.Sum(layer, input, inputAt, 1, depth, outputs, inputZeroPoint, terms, outputs);
                }
#endif

                if (layer.Packed != null)
                {
                    PackedRow(layer, input, inputAt, depth, chunk, outputs, terms, output, outputAt, outputZeroPoint, low, high, fast);
                }
                else
                {
                    PlainRow(layer, input, inputAt, depth, outputs, terms, output, outputAt, outputZeroPoint, low, high, fast);
                }
            }
        }

        private static void PackedRow(
            Linear layer, sbyte[] x, int at, int depth, int chunk, int outputs, int[] terms, sbyte[] output, int outputAt,
            int zeroPoint, int low, int high, bool fast)
        {
            long[] packed = layer.Packed;
            for (int o = 0; o < outputs; o += 6)
            {
                int p = o / 3 * depth;
                int q = p + depth;
                int a0 = 0;
                int a1 = 0;
                int a2 = 0;
                int a3 = 0;
                int a4 = 0;
                int a5 = 0;
                for (int from = 0; from < depth; from += chunk)
                {
                    int to = from + chunk < depth ? from + chunk : depth;
                    long a = 0;
                    long b = 0;
                    int k = from;
                    for (; k + 1 < to; k += 2)
                    {
                        long v = x[at + k];
                        long w = x[at + k + 1];
                        a = a + v * packed[p + k] + w * packed[p + k + 1];
                        b = b + v * packed[q + k] + w * packed[q + k + 1];
                    }

                    if (k < to)
                    {
                        long v = x[at + k];
                        a += v * packed[p + k];
                        b += v * packed[q + k];
                    }

                    int lane = (int)(a << 43 >> 43);
                    a0 += lane;
                    a = (a - lane) >> 21;
                    lane = (int)(a << 43 >> 43);
                    a1 += lane;
                    a2 += (int)((a - lane) >> 21);
                    lane = (int)(b << 43 >> 43);
                    a3 += lane;
                    b = (b - lane) >> 21;
                    lane = (int)(b << 43 >> 43);
                    a4 += lane;
                    a5 += (int)((b - lane) >> 21);
                }

                Store(layer, o, a0, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
                Store(layer, o + 1, a1, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
                Store(layer, o + 2, a2, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
                Store(layer, o + 3, a3, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
                Store(layer, o + 4, a4, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
                Store(layer, o + 5, a5, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
            }
        }

        private static void PlainRow(
            Linear layer, sbyte[] x, int at, int depth, int outputs, int[] terms, sbyte[] output, int outputAt,
            int zeroPoint, int low, int high, bool fast)
        {
            sbyte[] weights = layer.Weights;
            for (int o = 0; o < outputs; o += 4)
            {
                int p = o * depth;
                int q = o + 1 < outputs ? p + depth : p;
                int r = o + 2 < outputs ? p + 2 * depth : p;
                int s = o + 3 < outputs ? p + 3 * depth : p;
                int a = 0;
                int b = 0;
                int c = 0;
                int d = 0;
                int k = 0;
                for (; k + 1 < depth; k += 2)
                {
                    int v = x[at + k];
                    int w = x[at + k + 1];
                    a = a + v * weights[p + k] + w * weights[p + k + 1];
                    b = b + v * weights[q + k] + w * weights[q + k + 1];
                    c = c + v * weights[r + k] + w * weights[r + k + 1];
                    d = d + v * weights[s + k] + w * weights[s + k + 1];
                }

                if (k < depth)
                {
                    int v = x[at + k];
                    a += v * weights[p + k];
                    b += v * weights[q + k];
                    c += v * weights[r + k];
                    d += v * weights[s + k];
                }

                Store(layer, o, a, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
                Store(layer, o + 1, b, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
                Store(layer, o + 2, c, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
                Store(layer, o + 3, d, outputs, terms, output, outputAt, zeroPoint, low, high, fast);
            }
        }

        /// <summary>Requantises one output; those beyond the last are nothing.</summary>
        private static void Store(Linear layer, int o, int sum, int outputs, int[] terms, sbyte[] output, int outputAt, int zeroPoint, int low, int high, bool fast)
        {
            if (o >= outputs)
            {
                return;
            }

            sum += layer.Bias[o];
            if (terms != null)
            {
                sum += terms[o];
            }

            int shift = layer.Shift[o];
            int v;
            if (fast)
            {
                v = (int)((sum * (long)layer.Multiplier[o] + Half) >> 31);
                v = (v + (v >> 31) + (zeroPoint << shift) + (1 << (shift - 1))) >> shift;
            }
            else
            {
                v = Numerics.Requantize(sum, layer.Multiplier[o], shift) + zeroPoint;
            }

            output[outputAt + o] = (sbyte)(v < low ? low : (v > high ? high : v));
        }
    }
}
