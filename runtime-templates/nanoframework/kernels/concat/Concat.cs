namespace Mcu.Runtime
{
    /// <summary>Two inputs one after the other along an axis: runs of equal scale are copied, others requantised. The bytes of the int8 reference.</summary>
    internal static class Concat
    {
        internal static void Run(
            sbyte[] a, int aAt, sbyte[] b, int bAt, sbyte[] output, int outputAt, int outer, int aRun, int bRun,
            bool aMoves, int aMultiplier, int aShift, int aZeroPoint, bool bMoves, int bMultiplier, int bShift, int bZeroPoint, int outputZeroPoint)
        {
            for (int row = 0; row < outer; row++)
            {
                Part(a, aAt, output, outputAt, aRun, aMoves, aMultiplier, aShift, aZeroPoint, outputZeroPoint);
                aAt += aRun;
                outputAt += aRun;
                Part(b, bAt, output, outputAt, bRun, bMoves, bMultiplier, bShift, bZeroPoint, outputZeroPoint);
                bAt += bRun;
                outputAt += bRun;
            }
        }

        private static void Part(
            sbyte[] input, int inputAt, sbyte[] output, int outputAt, int run, bool moves, int multiplier, int shift, int inputZeroPoint, int outputZeroPoint)
        {
            for (int end = outputAt + run; outputAt < end; outputAt++, inputAt++)
            {
                output[outputAt] = moves
                    ? input[inputAt]
                    : (sbyte)Numerics.Clamp(Numerics.Requantize(input[inputAt] - inputZeroPoint, multiplier, shift) + outputZeroPoint, -128, 127);
            }
        }
    }
}
