namespace Mcu.Runtime
{
    /// <summary>
    /// Rounding and saturation: semantics of TensorFlow Lite's two-rounding requantisation. Kernels write the usual case out, as a
    /// call costs as much as ten instructions.
    /// </summary>
    internal static class Numerics
    {
        /// <summary>(2*a*b + 2^31) >> 32, saturated for the one pair that overflows.</summary>
        internal static int DoublingHighMul(int a, int b)
        {
            if (a == int.MinValue && b == int.MinValue)
            {
                return int.MaxValue;
            }

            return (int)(((long)a * b + (1L << 30)) >> 31);
        }

        /// <summary>x / 2^exponent, halves away from zero; exponent 0..31.</summary>
        internal static int RoundingDividePot(int x, int exponent)
        {
            int mask = (int)((1L << exponent) - 1);
            int threshold = (mask >> 1) + (x < 0 ? 1 : 0);
            return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
        }

        /// <summary>x * multiplier * 2^(-31-shift); shift is to the right, a negative one goes left before the product.</summary>
        internal static int Requantize(int x, int multiplier, int shift)
        {
            return shift >= 0
                ? RoundingDividePot(DoublingHighMul(x, multiplier), shift)
                : DoublingHighMul(x << -shift, multiplier);
        }

        /// <summary>Constant that carries rounding and zero point through one shift of 1..22.</summary>
        internal static int FastOffset(int shift, int zeroPoint)
        {
            return (zeroPoint << shift) + (1 << (shift - 1));
        }

        internal static int Clamp(int x, int low, int high)
        {
            return x < low ? low : (x > high ? high : x);
        }

        /// <summary>x * 2^exponent, saturated.</summary>
        internal static int ShiftLeftSaturated(int x, int exponent)
        {
            long y = (long)x << exponent;
            return y > int.MaxValue ? int.MaxValue : (y < int.MinValue ? int.MinValue : (int)y);
        }
    }
}
