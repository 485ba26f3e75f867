namespace Mcu.Runtime
{
    /// <summary>Average over the part of a window that lies inside the image, halves away from zero.</summary>
    internal static class AveragePool2D
    {
        internal static void Run(
            sbyte[] input, int inputAt, sbyte[] output, int outputAt, int inputH, int inputW, int inputC, int outputH, int outputW,
            int kernelH, int kernelW, int strideH, int strideW, int padTop, int padLeft, int low, int high)
        {
            for (int oy = 0; oy < outputH; oy++)
            {
                int top = oy * strideH - padTop;
                int bottom = top + kernelH > inputH ? inputH : top + kernelH;
                top = top < 0 ? 0 : top;
                for (int ox = 0; ox < outputW; ox++)
                {
                    int left = ox * strideW - padLeft;
                    int right = left + kernelW > inputW ? inputW : left + kernelW;
                    left = left < 0 ? 0 : left;
                    int count = (bottom - top) * (right - left);
                    int width = (right - left) * inputC;
                    for (int c = 0; c < inputC; c++)
                    {
                        int sum = 0;
                        for (int y = top; y < bottom; y++)
                        {
                            int cell = inputAt + (y * inputW + left) * inputC + c;
                            for (int end = cell + width; cell < end; cell += inputC)
                            {
                                sum += input[cell];
                            }
                        }

                        int v = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
                        output[outputAt++] = (sbyte)(v < low ? low : (v > high ? high : v));
                    }
                }
            }
        }
    }
}
