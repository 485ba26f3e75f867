namespace Mcu.Runtime
{
    /// <summary>A function of one int8 value as a table of 256 results.</summary>
    internal static class Lookup
    {
        internal static void Run(sbyte[] input, int inputAt, sbyte[] output, int outputAt, sbyte[] table, int count)
        {
            for (int end = inputAt + count; inputAt < end; inputAt++, outputAt++)
            {
                output[outputAt] = table[input[inputAt] + 128];
            }
        }
    }
}
