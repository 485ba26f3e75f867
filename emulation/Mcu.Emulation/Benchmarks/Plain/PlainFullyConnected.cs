namespace Mcu.Runtime
{
    /// <summary>Fully connected layer as three loops: a convolution's others run once.</summary>
    internal static class PlainFullyConnected
    {
        internal static void Run(
            Linear layer, sbyte[] input, int inputAt, sbyte[] output, int outputAt, int rows, int depth, int outputs,
            int outputZeroPoint, int low, int high)
        {
            sbyte[] weights = layer.Weights;
            int[] bias = layer.Bias;
            int[] multiplier = layer.Multiplier;
            sbyte[] shift = layer.Shift;
            for (int row = 0; row < rows; row++)
            {
                int i = inputAt + row * depth;
                for (int o = 0; o < outputs; o++)
                {
                    int sum = bias[o];
                    int w = o * depth;
                    for (int c = 0; c < depth; c++)
                    {
                        sum += input[i + c] * weights[w + c];
                    }

                    int v = Numerics.Requantize(sum, multiplier[o], shift[o]) + outputZeroPoint;
                    output[outputAt++] = (sbyte)(v < low ? low : (v > high ? high : v));
                }
            }
        }
    }
}
