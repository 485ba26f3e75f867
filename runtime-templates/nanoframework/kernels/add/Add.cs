namespace Mcu.Runtime
{
    /// <summary>
    /// Element-wise sum: both inputs come to a common scale with 20 more bits, then the sum is requantised. The bytes of the int8
    /// reference.
    /// </summary>
    internal static class Add
    {
        private const int LeftShift = 20;

        /// <summary>Runs of inner elements, in each of which an operand advances by its step; strides of 0 repeat an operand.</summary>
        internal static void Run(
            sbyte[] a, int aAt, sbyte[] b, int bAt, sbyte[] output, int outputAt,
            int inner, int outer0, int outer1, int outer2, int aStride0, int aStride1, int aStride2, int aStep, int bStride0, int bStride1, int bStride2, int bStep,
            int aMultiplier, int aShift, int aZeroPoint, int bMultiplier, int bShift, int bZeroPoint,
            int outputMultiplier, int outputShift, int outputZeroPoint, int low, int high)
        {
            for (int i = 0; i < outer0; i++)
            {
                for (int j = 0; j < outer1; j++)
                {
                    for (int k = 0; k < outer2; k++)
                    {
                        int x = aAt + i * aStride0 + j * aStride1 + k * aStride2;
                        int y = bAt + i * bStride0 + j * bStride1 + k * bStride2;
                        for (int end = outputAt + inner; outputAt < end; outputAt++, x += aStep, y += bStep)
                        {
                            int sum = Numerics.Requantize((a[x] - aZeroPoint) << LeftShift, aMultiplier, aShift)
                                + Numerics.Requantize((b[y] - bZeroPoint) << LeftShift, bMultiplier, bShift);
                            int v = Numerics.Requantize(sum, outputMultiplier, outputShift) + outputZeroPoint;
                            output[outputAt] = (sbyte)(v < low ? low : (v > high ? high : v));
                        }
                    }
                }
            }
        }
    }
}
