namespace Mcu.Runtime
{
    /// <summary>
    /// Layer normalisation: exact sums, a Q31 inverse square root by Newton's method, then two requantisations per value. With
    /// n = depth, S = sum x, Q = sum x^2: (x - mean) / sqrt(var + eps) = (n*x - S) / sqrt(n*Q - S^2 + n^2*eps). The bytes of the int8
    /// reference.
    /// </summary>
    internal static class LayerNormalization
    {
        private const int VarianceFraction = 14;

        internal static void Run(
            Linear linear, sbyte[] input, int inputAt, sbyte[] output, int outputAt,
            int rows, int depth, int fractionBits, long epsilon, int outputZeroPoint)
        {
            short[] gamma = linear.Gamma;
            int[] beta = linear.Bias;
            int multiplier = linear.Multiplier[0];
            int shift = linear.Shift[0];
            for (int row = 0; row < rows; row++, inputAt += depth, outputAt += depth)
            {
                int sum = 0;
                int squares = 0;
                int end = inputAt + depth;
                for (int i = inputAt; i < end; i++)
                {
                    int x = input[i];
                    sum += x;
                    squares += x * x;
                }

                long w = (((long)depth * squares - (long)sum * sum) << VarianceFraction) + epsilon;
                int rootShift = 0;
                while (w >> 60 == 0)
                {
                    w <<= 2;
                    rootShift++;
                }

                int root = InverseRoot(w >> 30);
                int right = 30 - VarianceFraction / 2 - rootShift - fractionBits;
                for (int i = 0; i < depth; i++)
                {
                    int normal = Numerics.Requantize(input[inputAt + i] * depth - sum, root, right);
                    int v = Numerics.Requantize(gamma[i] * normal + beta[i], multiplier, shift) + outputZeroPoint;
                    output[outputAt + i] = (sbyte)(v < -128 ? -128 : (v > 127 ? 127 : v));
                }
            }
        }

        /// <summary>
        /// 1/sqrt(u) in Q30 for u in Q32, 1/4..1: the straight line 2.2263 - 4/3 u is within 11 %; four Newton steps square that away.
        /// Every product stays below 2^63.
        /// </summary>
        private static int InverseRoot(long u)
        {
            // Constants above the range of int would be unsigned in IL, and the interpreter keeps that tag.
            long line = 1195235711L;
            long three = 3;
            three <<= 30;
            long y = line + line - ((u * 1431655765L) >> 32);
            for (int i = 0; i < 4; i++)
            {
                long uy = (u * y) >> 32;
                long uyy = (uy * y) >> 30;
                y = (y * (three - uyy)) >> 31;
            }

            return y > int.MaxValue ? int.MaxValue : (int)y;
        }
    }
}
