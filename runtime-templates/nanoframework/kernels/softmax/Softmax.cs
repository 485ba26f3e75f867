namespace Mcu.Runtime
{
    /// <summary>
    /// Softmax over the middle one of three dimensions in fixed point: exp by a polynomial and a barrel shifter, or from a table of all 256
    /// input steps; 1/x by Newton's method. The bytes of the int8 reference.
    /// </summary>
    internal static class Softmax
    {
        /// <summary>exponential is exp of minus 0..255 input steps, Q0.31; or null, and they are computed as they come.</summary>
        internal static void Run(
            sbyte[] input, int inputAt, sbyte[] output, int outputAt, int[] exponential,
            int outer, int depth, int inner, int multiplier, int leftShift, int outputBits, int differenceMin)
        {
            for (int o = 0; o < outer; o++, inputAt += depth * inner, outputAt += depth * inner)
            {
                for (int i = 0; i < inner; i++)
                {
                    Row(input, inputAt + i, output, outputAt + i, exponential, depth, inner, multiplier, leftShift, outputBits, differenceMin);
                }
            }
        }

        private static void Row(
            sbyte[] input, int at, sbyte[] output, int to, int[] exponential,
            int depth, int step, int multiplier, int leftShift, int outputBits, int differenceMin)
        {
            int end = at + depth * step;
            int max = -128;
            for (int i = at; i < end; i += step)
            {
                int v = input[i];
                if (v > max)
                {
                    max = v;
                }
            }

            int sum = 0;
            for (int i = at; i < end; i += step)
            {
                int e = exponential != null ? exponential[max - input[i]] : Exp(input[i] - max, multiplier, leftShift, differenceMin);
                sum += Numerics.RoundingDividePot(e, 12);
            }

            int headroom = 0;
            while ((sum << headroom) > 0)
            {
                headroom++;
            }

            int scale = Reciprocal((int)(((long)sum << headroom) + int.MinValue));
            int exponent = 12 - headroom + 31 - outputBits;
            for (int i = at; i < end; i += step, to += step)
            {
                int e = exponential != null ? exponential[max - input[i]] : Exp(input[i] - max, multiplier, leftShift, differenceMin);
                int product = Numerics.DoublingHighMul(scale, e);

                // More than 31 bits take any product to zero.
                int y = (exponent > 31 ? 0 : Numerics.RoundingDividePot(product, exponent)) - 128;
                output[to] = (sbyte)(y < -128 ? -128 : (y > 127 ? 127 : y));
            }
        }

        /// <summary>exp of an input below the row's maximum, Q0.31.</summary>
        private static int Exp(int difference, int multiplier, int leftShift, int differenceMin)
        {
            return difference < differenceMin ? 0 : ExpNegative(Numerics.DoublingHighMul(difference << leftShift, multiplier));
        }

        /// <summary>exp(a), Q0.31, for a not above 0 in Q5.26.</summary>
        private static int ExpNegative(int a)
        {
            const int quarter = 1 << 24;
            if (a == 0)
            {
                return int.MaxValue;
            }

            int modulo = (a & (quarter - 1)) - quarter;
            int remainder = modulo - a;
            int result = ExpQuarter(Numerics.ShiftLeftSaturated(modulo, 5));
            result = (remainder & quarter) != 0 ? Numerics.DoublingHighMul(result, 1672461947) : result;
            result = (remainder & (quarter << 1)) != 0 ? Numerics.DoublingHighMul(result, 1302514674) : result;
            result = (remainder & (quarter << 2)) != 0 ? Numerics.DoublingHighMul(result, 790015084) : result;
            result = (remainder & (quarter << 3)) != 0 ? Numerics.DoublingHighMul(result, 290630308) : result;
            result = (remainder & (quarter << 4)) != 0 ? Numerics.DoublingHighMul(result, 39332535) : result;
            result = (remainder & (quarter << 5)) != 0 ? Numerics.DoublingHighMul(result, 720401) : result;
            return (remainder & (quarter << 6)) != 0 ? Numerics.DoublingHighMul(result, 242) : result;
        }

        /// <summary>exp(a), Q0.31, for a in -1/4..0, Q0.31.</summary>
        private static int ExpQuarter(int a)
        {
            const int expOfMinusOneEighth = 1895147668;
            const int oneThird = 715827883;
            int x = a + (1 << 28);
            int x2 = Numerics.DoublingHighMul(x, x);
            int x3 = Numerics.DoublingHighMul(x2, x);
            int x4Over4 = Numerics.RoundingDividePot(Numerics.DoublingHighMul(x2, x2), 2);
            int series = Numerics.RoundingDividePot(Numerics.DoublingHighMul(x4Over4 + x3, oneThird) + x2, 1);
            return expOfMinusOneEighth + Numerics.DoublingHighMul(expOfMinusOneEighth, x + series);
        }

        /// <summary>1 / (1 + a), Q0.31, for a in 0..1, Q0.31.</summary>
        private static int Reciprocal(int a)
        {
            int halfDenominator = (int)(((long)a + int.MaxValue + 1) / 2);
            int x = 1515870810 + Numerics.DoublingHighMul(halfDenominator, -1010580540);
            for (int i = 0; i < 3; i++)
            {
                int oneMinus = (1 << 29) - Numerics.DoublingHighMul(halfDenominator, x);
                x += Numerics.ShiftLeftSaturated(Numerics.DoublingHighMul(x, oneMinus), 2);
            }

            return Numerics.ShiftLeftSaturated(x, 1);
        }
    }
}
