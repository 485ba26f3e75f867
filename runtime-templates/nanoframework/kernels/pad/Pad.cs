namespace Mcu.Runtime
{
    /// <summary>Constant padding of four dimensions.</summary>
    internal static class Pad
    {
        internal static void Run(
            sbyte[] input, int inputAt, sbyte[] output, int outputAt, int input0, int input1, int input2, int input3,
            int before0, int before1, int before2, int before3, int output0, int output1, int output2, int output3, int fill)
        {
            Window.Fill(output, outputAt, output0 * output1 * output2 * output3, fill);
            for (int a = 0; a < input0; a++)
            {
                for (int b = 0; b < input1; b++)
                {
                    int plane = (a + before0) * output1 + b + before1;
                    int to = outputAt + (plane * output2 + before2) * output3 + before3;
                    for (int c = 0; c < input2; c++, inputAt += input3, to += output3)
                    {
                        System.Array.Copy(input, inputAt, output, to, input3);
                    }
                }
            }
        }
    }
}
