namespace Mcu.Runtime
{
    /// <summary>Reads the records of one delta image into constants of layers; nothing is read that does not lie in the body.</summary>
    internal sealed class DeltaRecords
    {
        private const int Bias = 1;
        private const int Requant = 2;
        private const int Weights = 4;
        private const int LowRank = 8;
        private const int Sparse = 16;
        private const int More = 128;
        private const int MostTerms = 8;

        private readonly byte[] image;
        private readonly int body;
        private readonly int rows;
        private int at;
        private int largestInput;
        private bool isPadded = true;

        /// <summary>An image that DeltaImage has checked, and room for the ranks of a layer's low-rank terms.</summary>
        internal DeltaRecords(byte[] image, int rows)
        {
            this.image = image;
            this.rows = rows;
            body = DeltaImage.BodyBytes(image);
        }

        /// <summary>Where the layer that was read last ends.</summary>
        internal int End
        {
            get { return at; }
        }

        /// <summary>The largest 128 * sum |w| of the layer that was read last.</summary>
        internal int LargestInput
        {
            get { return largestInput; }
        }

        /// <summary>Adds what the image says of a layer to its constants, whose arrays may be others'; whatever is wrong, they are to be dropped.</summary>
        internal int Add(DeltaLayer layer, int from, Linear linear)
        {
            int mine = 0;
            int sections = More;
            at = from;
            largestInput = layer.LargestInput;
            while ((sections & More) != 0)
            {
                if (at + 4 > body)
                {
                    return DeltaReason.Directory;
                }

                sections = image[at];
                int rank = image[at + 1];
                int sparse = DeltaImage.Half(image, at + 2);
                if (!IsWellFormed(layer, sections, rank, sparse, mine != 0))
                {
                    return DeltaReason.Record;
                }

                at += 4;
                if (Bytes(layer, sections, rank, sparse) > body - at)
                {
                    return DeltaReason.Directory;
                }

                if (!HasRoom(linear.Lora, rank))
                {
                    return DeltaReason.Rank;
                }

                ReadLinear(layer, sections, linear);
                ReadTerms(layer, rank, sparse, linear);
                mine |= sections;
            }

            if (!isPadded)
            {
                return DeltaReason.Padding;
            }

            if (IsConflict(mine, linear.Sections))
            {
                return DeltaReason.Conflict;
            }

            linear.Sections |= mine;
            return DeltaReason.None;
        }

        /// <summary>A record by itself.</summary>
        private static bool IsWellFormed(DeltaLayer layer, int sections, int rank, int sparse, bool continues)
        {
            int counted = (rank != 0 ? LowRank : 0) | (sparse != 0 ? Sparse : 0);
            bool isNorm = layer.Kind == DeltaLayer.Norm;
            int allowed = Bias | Requant | Weights | (isNorm ? 0 : Sparse);
            if (layer.Kind == DeltaLayer.Matrix)
            {
                allowed |= LowRank | More;
            }

            int needed = continues || (sections & More) != 0 ? LowRank : 0;
            if (continues)
            {
                allowed = LowRank | More;
            }

            if ((sections & Weights) != 0 && !isNorm)
            {
                needed |= Bias | Requant;
            }

            return sections != 0 && (sections & ~allowed) == 0 && (sections & needed) == needed
                && (sections & (LowRank | Sparse)) == counted && (sparse & 1) == 0;
        }

        /// <summary>What replaces something stands alone with it, and new scales stand alone with everything. New weights bring scales, but for gamma.</summary>
        private static bool IsConflict(int one, int other)
        {
            return other != 0 && (((one | other) & Requant) | (one & other & (Bias | Weights))) != 0;
        }

        /// <summary>Bytes of a record's sections.</summary>
        private static int Bytes(DeltaLayer layer, int sections, int rank, int sparse)
        {
            int bytes = Up4(sparse);
            if ((sections & Bias) != 0)
            {
                bytes += 4 * layer.Outputs;
            }

            if ((sections & Requant) != 0)
            {
                bytes += 4 * layer.Scales + Up4(layer.Scales);
            }

            if ((sections & Weights) != 0)
            {
                bytes += Up4(layer.WeightBytes);
            }

            return rank == 0 ? bytes : bytes + 8 * rank + Up4(rank * layer.Depth + layer.Outputs * rank + rank + layer.Outputs);
        }

        private static int Up4(int bytes)
        {
            return (bytes + 3) & ~3;
        }

        /// <summary>Whether a further term, if there is one, has room in scratch memory.</summary>
        private bool HasRoom(Lora terms, int rank)
        {
            int count = 1;
            int used = rank;
            for (Lora term = terms; term != null; term = term.Next)
            {
                count++;
                used += term.Rank;
            }

            return rank == 0 || (count <= MostTerms && used <= rows);
        }

        /// <summary>What replaces the base's.</summary>
        private void ReadLinear(DeltaLayer layer, int sections, Linear linear)
        {
            if ((sections & Bias) != 0)
            {
                linear.Bias = Int32(layer.Outputs);
            }

            if ((sections & Requant) != 0)
            {
                linear.Multiplier = Int32(layer.Scales);
                linear.Shift = Int8(layer.Scales);
                Align();
            }

            if ((sections & Weights) != 0 && layer.Kind == DeltaLayer.Norm)
            {
                linear.Gamma = Int16(layer.Outputs);
                Align();
            }
            else if ((sections & Weights) != 0)
            {
                sbyte[] weights = Int8(layer.Outputs * layer.Depth);
                Align();
                largestInput = DeltaBounds.LargestInput(weights, layer.Depth);
                linear.Chunk = layer.Kind == DeltaLayer.Matrix ? DeltaLanes.Chunk(weights, layer.Depth) : 0;
                linear.Packed = layer.Packs ? Lanes.PackRows(weights, layer.Outputs, layer.Depth) : null;
                linear.Weights = layer.Packs ? null : weights;
            }
        }

        /// <summary>What adds to the accumulators; low-rank terms stand in the reverse of their order, which gives the same sum.</summary>
        private void ReadTerms(DeltaLayer layer, int rank, int sparse, Linear linear)
        {
            if (rank != 0)
            {
                Lora term = new Lora();
                term.Rank = rank;
                term.AMultiplier = Int32(rank);
                term.ABias = Int32(rank);
                term.A = Int8(rank * layer.Depth);
                term.B = Int8(layer.Outputs * rank);
                term.AShift = Int8(rank);
                term.BShift = UInt8(layer.Outputs);
                Align();
                term.Next = linear.Lora;
                linear.Lora = term;
            }

            if (sparse != 0)
            {
                byte[] stream = UInt8(sparse);
                Align();
                linear.Sparse = linear.Sparse == null ? stream : Merge(linear.Sparse, stream);
            }
        }

        /// <summary>Two streams in the order of positions; no gap becomes larger than it was.</summary>
        private static byte[] Merge(byte[] a, byte[] b)
        {
            byte[] merged = new byte[a.Length + b.Length];
            int i = 0;
            int j = 0;
            int p = a[0];
            int q = b[0];
            int last = 0;
            for (int k = 0; k < merged.Length; k += 2)
            {
                if (j == b.Length || (i < a.Length && p <= q))
                {
                    merged[k] = (byte)(p - last);
                    merged[k + 1] = a[i + 1];
                    last = p;
                    i += 2;
                    p += i < a.Length ? a[i] : 0;
                }
                else
                {
                    merged[k] = (byte)(q - last);
                    merged[k + 1] = b[j + 1];
                    last = q;
                    j += 2;
                    q += j < b.Length ? b[j] : 0;
                }
            }

            return merged;
        }

        private void Align()
        {
            for (; (at & 3) != 0; at++)
            {
                isPadded &= image[at] == 0;
            }
        }

        private int[] Int32(int count)
        {
            int[] array = new int[count];
            for (int i = 0; i < count; i++, at += 4)
            {
                array[i] = DeltaImage.Word(image, at);
            }

            return array;
        }

        private short[] Int16(int count)
        {
            short[] array = new short[count];
            for (int i = 0; i < count; i++, at += 2)
            {
                array[i] = (short)DeltaImage.Half(image, at);
            }

            return array;
        }

        private sbyte[] Int8(int count)
        {
            sbyte[] array = new sbyte[count];
            for (int i = 0; i < count; i++)
            {
                array[i] = (sbyte)image[at + i];
            }

            at += count;
            return array;
        }

        private byte[] UInt8(int count)
        {
            byte[] array = new byte[count];
            System.Array.Copy(image, at, array, 0, count);
            at += count;
            return array;
        }
    }
}
