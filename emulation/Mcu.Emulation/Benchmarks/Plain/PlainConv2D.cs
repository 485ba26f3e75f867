namespace Mcu.Runtime
{
    /// <summary>Convolution as six loops. The input zero point is folded into the bias, so that the inner loop is one product and one sum.</summary>
    internal static class PlainConv2D
    {
        internal static void Run(
            Linear layer, sbyte[] input, int inputAt, sbyte[] output, int outputAt,
            int inputH, int inputW, int inputC, int outputH, int outputW, int kernelH, int kernelW, int strideH, int strideW,
            int dilationH, int dilationW, int padTop, int padLeft, int outputs, int inputZeroPoint, int outputZeroPoint, int low, int high)
        {
            sbyte[] weights = layer.Weights;
            int[] bias = layer.Bias;
            int[] multiplier = layer.Multiplier;
            sbyte[] shift = layer.Shift;
            for (int oy = 0; oy < outputH; oy++)
            {
                for (int ox = 0; ox < outputW; ox++)
                {
                    for (int o = 0; o < outputs; o++)
                    {
                        int sum = bias[o];
                        for (int ky = 0; ky < kernelH; ky++)
                        {
                            int y = oy * strideH - padTop + ky * dilationH;
                            for (int kx = 0; kx < kernelW; kx++)
                            {
                                int x = ox * strideW - padLeft + kx * dilationW;
                                int w = ((o * kernelH + ky) * kernelW + kx) * inputC;
                                if (y < 0 || y >= inputH || x < 0 || x >= inputW)
                                {
                                    for (int c = 0; c < inputC; c++)
                                    {
                                        sum += inputZeroPoint * weights[w + c];
                                    }
                                }
                                else
                                {
                                    int i = inputAt + (y * inputW + x) * inputC;
                                    for (int c = 0; c < inputC; c++)
                                    {
                                        sum += input[i + c] * weights[w + c];
                                    }
                                }
                            }
                        }

                        int v = Numerics.Requantize(sum, multiplier[o], shift[o]) + outputZeroPoint;
                        output[outputAt++] = (sbyte)(v < low ? low : (v > high ? high : v));
                    }
                }
            }
        }
    }
}
