namespace Mcu.Runtime
{
    /// <summary>
    /// Constants of a network from a file: magic "MCUW", version 1, three zero bytes, length of the arrays, CRC-32 of all that follows, 16 bytes
    /// of a hash of the arrays and the code that reads them, then the arrays, little-endian, each padded to four bytes.
    /// </summary>
    internal sealed class WeightImage
    {
        private const int HeaderBytes = 32;
        private readonly byte[] bytes;

        internal WeightImage(byte[] bytes)
        {
            this.bytes = bytes;
        }

        /// <summary>
        /// 0, or why the image cannot be used: 1 too short or no image, 2 version, 3 length, 4 damaged or changed, 5 made for another class. The class's
        /// own CRC, not only the image's, so that arrays of its identity are its arrays.
        /// </summary>
        internal static int Check(byte[] image, int length, int expectedCrc, byte[] identity)
        {
            if (image == null || image.Length < HeaderBytes || image[0] != 'M' || image[1] != 'C' || image[2] != 'U' || image[3] != 'W')
            {
                return 1;
            }

            if (image[4] != 1 || image[5] != 0 || image[6] != 0 || image[7] != 0)
            {
                return 2;
            }

            if (Word(image, 8) != length || image.Length != HeaderBytes + length)
            {
                return 3;
            }

            int crc = Crc32.Of(0, image, 16, image.Length);
            if (Word(image, 12) != crc)
            {
                return 4;
            }

            for (int i = 0; i < identity.Length; i++)
            {
                if (image[16 + i] != identity[i])
                {
                    return 5;
                }
            }

            return crc == expectedCrc ? 0 : 4;
        }

        internal sbyte[] Int8(int at, int count)
        {
            sbyte[] array = new sbyte[count];
            at += HeaderBytes;
            for (int i = 0; i < count; i++)
            {
                array[i] = (sbyte)bytes[at + i];
            }

            return array;
        }

        internal byte[] UInt8(int at, int count)
        {
            byte[] array = new byte[count];
            System.Array.Copy(bytes, HeaderBytes + at, array, 0, count);
            return array;
        }

        internal short[] Int16(int at, int count)
        {
            short[] array = new short[count];
            at += HeaderBytes;
            for (int i = 0; i < count; i++, at += 2)
            {
                array[i] = (short)(bytes[at] | (bytes[at + 1] << 8));
            }

            return array;
        }

        internal int[] Int32(int at, int count)
        {
            int[] array = new int[count];
            at += HeaderBytes;
            for (int i = 0; i < count; i++, at += 4)
            {
                array[i] = Word(bytes, at);
            }

            return array;
        }

        private static int Word(byte[] image, int at)
        {
            return image[at] | (image[at + 1] << 8) | (image[at + 2] << 16) | (image[at + 3] << 24);
        }
    }
}
