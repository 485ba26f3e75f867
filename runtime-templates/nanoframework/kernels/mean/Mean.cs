namespace Mcu.Runtime
{
    /// <summary>Mean over the middle one of three dimensions [outer][reduced][inner].</summary>
    internal static class Mean
    {
        internal static void Run(
            sbyte[] input, int inputAt, sbyte[] output, int outputAt, int outer, int reduced, int inner,
            int multiplier, int shift, int inputZeroPoint, int outputZeroPoint)
        {
            int offset = inputZeroPoint * reduced;
            int block = reduced * inner;
            for (int o = 0; o < outer; o++, inputAt += block)
            {
                for (int i = 0; i < inner; i++)
                {
                    int sum = 0;
                    int cell = inputAt + i;
                    for (int end = cell + block; cell < end; cell += inner)
                    {
                        sum += input[cell];
                    }

                    int v = Numerics.Requantize(sum - offset, multiplier, shift) + outputZeroPoint;
                    output[outputAt++] = (sbyte)Numerics.Clamp(v, -128, 127);
                }
            }
        }
    }
}
