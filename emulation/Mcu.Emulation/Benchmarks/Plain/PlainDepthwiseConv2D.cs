namespace Mcu.Runtime
{
    /// <summary>Depthwise convolution as six loops, the last one over a channel's multiplier.</summary>
    internal static class PlainDepthwiseConv2D
    {
        internal static void Run(
            Linear layer, sbyte[] input, int inputAt, sbyte[] output, int outputAt,
            int inputH, int inputW, int inputC, int outputH, int outputW, int kernelH, int kernelW, int strideH, int strideW,
            int dilationH, int dilationW, int padTop, int padLeft, int multiplier, int inputZeroPoint, int outputZeroPoint, int low, int high)
        {
            sbyte[] weights = layer.Weights;
            int[] bias = layer.Bias;
            int[] scale = layer.Multiplier;
            sbyte[] shift = layer.Shift;
            for (int oy = 0; oy < outputH; oy++)
            {
                for (int ox = 0; ox < outputW; ox++)
                {
                    for (int c = 0; c < inputC; c++)
                    {
                        for (int m = 0; m < multiplier; m++)
                        {
                            int o = c * multiplier + m;
                            int sum = bias[o];
                            for (int ky = 0; ky < kernelH; ky++)
                            {
                                int y = oy * strideH - padTop + ky * dilationH;
                                int w = (o * kernelH + ky) * kernelW;
                                for (int kx = 0; kx < kernelW; kx++)
                                {
                                    int x = ox * strideW - padLeft + kx * dilationW;
                                    if (y < 0 || y >= inputH || x < 0 || x >= inputW)
                                    {
                                        sum += inputZeroPoint * weights[w + kx];
                                    }
                                    else
                                    {
                                        sum += input[inputAt + (y * inputW + x) * inputC + c] * weights[w + kx];
                                    }
                                }
                            }

                            int v = Numerics.Requantize(sum, scale[o], shift[o]) + outputZeroPoint;
                            output[outputAt++] = (sbyte)(v < low ? low : (v > high ? high : v));
                        }
                    }
                }
            }
        }
    }
}
