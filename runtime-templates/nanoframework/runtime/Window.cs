namespace Mcu.Runtime
{
    /// <summary>Gathers the window of one output pixel, the zero point where padding lies.</summary>
    internal static class Window
    {
        internal static void Gather(
            sbyte[] input, int inputAt, int y, int x, int inputH, int inputW, int inputC, int kernelH, int kernelW, int dilationH, int dilationW,
            int zeroPoint, sbyte[] patch, int at)
        {
            int rowBytes = kernelW * inputC;
            for (int ky = 0; ky < kernelH; ky++, y += dilationH)
            {
                if (y < 0 || y >= inputH)
                {
                    Fill(patch, at, rowBytes, zeroPoint);
                    at += rowBytes;
                }
                else if (dilationW == 1 && x >= 0 && x + kernelW <= inputW)
                {
                    System.Array.Copy(input, inputAt + (y * inputW + x) * inputC, patch, at, rowBytes);
                    at += rowBytes;
                }
                else
                {
                    int column = x;
                    for (int kx = 0; kx < kernelW; kx++, column += dilationW, at += inputC)
                    {
                        if (column < 0 || column >= inputW)
                        {
                            Fill(patch, at, inputC, zeroPoint);
                        }
                        else
                        {
                            System.Array.Copy(input, inputAt + (y * inputW + column) * inputC, patch, at, inputC);
                        }
                    }
                }
            }
        }

        internal static void Fill(sbyte[] array, int at, int count, int value)
        {
            sbyte v = (sbyte)value;
            int end = at + count;
            for (int i = at; i < end; i++)
            {
                array[i] = v;
            }
        }
    }
}
