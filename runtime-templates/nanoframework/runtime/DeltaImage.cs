namespace Mcu.Runtime
{
    /// <summary>
    /// Header, self-tests and directory of a delta image (docs/DELTA-FORMAT.md of the compiler). An image is hostile until all checks have
    /// passed; a trailer with a signature is measured, not verified.
    /// </summary>
    internal static class DeltaImage
    {
        private const int HeaderBytes = 64;
        private const int HashBytes = 16;
        private const int TestBytes = 8;
        private const int LargestBody = 262140;

        /// <summary>Everything that header, trailer and CRC say, and that the directory lies inside.</summary>
        internal static int Check(byte[] image, byte[] network, byte[] abi, int layers)
        {
            int reason = CheckBody(image);
            if (reason != DeltaReason.None)
            {
                return reason;
            }

            if (!IsEqual(image, 16, network))
            {
                return DeltaReason.Base;
            }

            if (!IsEqual(image, 32, abi))
            {
                return DeltaReason.Abi;
            }

            if (Half(image, 6) != layers || Records(image, layers) > BodyBytes(image))
            {
                return DeltaReason.Directory;
            }

            return (layers & 1) == 0 || Half(image, Directory(image) + 2 * layers) == 0 ? DeltaReason.None : DeltaReason.Padding;
        }

        internal static int BodyBytes(byte[] image)
        {
            return Word(image, 8);
        }

        /// <summary>The CRC, which tells images apart.</summary>
        internal static int Crc(byte[] image)
        {
            return Word(image, 12);
        }

        /// <summary>Where a layer's first record starts; 0 where the layer is unchanged.</summary>
        internal static int Record(byte[] image, int layer)
        {
            return 4 * Half(image, Directory(image) + 2 * layer);
        }

        /// <summary>Where the first record starts.</summary>
        internal static int Records(byte[] image, int layers)
        {
            return Directory(image) + ((2 * layers + 3) & ~3);
        }

        /// <summary>Number of self-tests.</summary>
        internal static int Tests(byte[] image)
        {
            return image[60];
        }

        /// <summary>Makes the input of a self-test from its seed.</summary>
        internal static void Fill(byte[] image, int test, sbyte[] input)
        {
            int seed = Word(image, Test(image, test));
            for (int i = 0; i < input.Length; i++)
            {
                seed = seed * 1664525 + 1013904223;
                input[i] = (sbyte)(seed >> 24);
            }
        }

        /// <summary>Whether an output is the one that a self-test promises.</summary>
        internal static bool IsPromised(byte[] image, int test, sbyte[] output)
        {
            byte[] bytes = new byte[output.Length];
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)output[i];
            }

            return Crc32.Of(0, bytes, 0, bytes.Length) == Word(image, Test(image, test) + 4);
        }

        internal static int Half(byte[] image, int at)
        {
            return image[at] | (image[at + 1] << 8);
        }

        internal static int Word(byte[] image, int at)
        {
            return image[at] | (image[at + 1] << 8) | (image[at + 2] << 16) | (image[at + 3] << 24);
        }

        private static int CheckBody(byte[] image)
        {
            if (image == null || image.Length < HeaderBytes)
            {
                return DeltaReason.Size;
            }

            if (image[0] != 'M' || image[1] != 'C' || image[2] != 'U' || image[3] != 'D')
            {
                return DeltaReason.Magic;
            }

            if (image[4] != 1 || image[5] != 0 || Half(image, 62) != 0)
            {
                return DeltaReason.Format;
            }

            int body = BodyBytes(image);
            if ((body & 3) != 0 || body < HeaderBytes || body > LargestBody || body > image.Length || !IsTrailer(image, body))
            {
                return DeltaReason.Size;
            }

            int crc = Crc32.Of(Crc32.Of(0, image, 0, 12), image, 16, body);
            return crc == Crc(image) ? DeltaReason.None : DeltaReason.Crc;
        }

        /// <summary>Nothing behind the body, or a trailer of the length that it says.</summary>
        private static bool IsTrailer(byte[] image, int body)
        {
            int bytes = image.Length - body;
            return bytes == 0
                || (bytes >= 4 && image[body] == 'S' && image[body + 1] == 'G' && bytes == ((Half(image, body + 2) + 7) & ~3));
        }

        private static bool IsEqual(byte[] image, int at, byte[] hash)
        {
            for (int i = 0; i < HashBytes; i++)
            {
                if (image[at + i] != hash[i])
                {
                    return false;
                }
            }

            return true;
        }

        private static int Test(byte[] image, int test)
        {
            return HeaderBytes + HashBytes * image[61] + TestBytes * test;
        }

        private static int Directory(byte[] image)
        {
            return Test(image, Tests(image));
        }
    }
}
