namespace Mcu.Runtime
{
    /// <summary>Permutes up to four dimensions: lengths of the output's, and for each the distance in the input.</summary>
    internal static class Transpose
    {
        internal static void Run(
            sbyte[] input, int inputAt, sbyte[] output, int outputAt, int n0, int n1, int n2, int n3, int stride0, int stride1, int stride2, int stride3)
        {
            for (int a = 0; a < n0; a++)
            {
                for (int b = 0; b < n1; b++)
                {
                    for (int c = 0; c < n2; c++)
                    {
                        int cell = inputAt + a * stride0 + b * stride1 + c * stride2;
                        for (int end = outputAt + n3; outputAt < end; outputAt++, cell += stride3)
                        {
                            output[outputAt] = input[cell];
                        }
                    }
                }
            }
        }
    }
}
