namespace Mcu.Runtime
{
    /// <summary>CRC-32 (IEEE 802.3, reflected), four bits at a time; shifts clear the sign's copies.</summary>
    internal static class Crc32
    {
        /// <summary>The CRC of what came before, 0 for nothing, and of bytes from..to-1.</summary>
        internal static int Of(int before, byte[] bytes, int from, int to)
        {
            int[] table = Table();
            int crc = ~before;
            for (int i = from; i < to; i++)
            {
                int b = bytes[i];
                crc = ((crc >> 4) & 0x0FFFFFFF) ^ table[(crc ^ b) & 15];
                crc = ((crc >> 4) & 0x0FFFFFFF) ^ table[(crc ^ (b >> 4)) & 15];
            }

            return ~crc;
        }

        private static int[] Table()
        {
            int[] table = new int[16];
            for (int i = 0; i < 16; i++)
            {
                int value = i;
                for (int bit = 0; bit < 4; bit++)
                {
                    value = (value & 1) != 0 ? ((value >> 1) & int.MaxValue) ^ unchecked((int)0xEDB88320) : (value >> 1) & int.MaxValue;
                }

                table[i] = value;
            }

            return table;
        }
    }
}
