namespace Mcu.Runtime
{
    /// <summary>Delta images of one network: what they must fit, and how many are attached. Their bytes are not kept.</summary>
    internal sealed class Deltas
    {
        private readonly byte[] network;
        private readonly byte[] abi;
        private readonly DeltaLayer[] layers;
        private readonly int rows;
        private readonly int[] attached;
        private int count;

        /// <summary>Room for so many images at once, and for so many ranks of a layer's low-rank terms; hashes of base and ABI.</summary>
        internal Deltas(int images, int rows, byte[] network, byte[] abi, DeltaLayer[] layers)
        {
            this.rows = rows;
            this.network = network;
            this.abi = abi;
            this.layers = layers;
            attached = new int[images];
        }

        internal int Count
        {
            get { return count; }
        }

        /// <summary>Whether there is room for an image that is sound and not attached yet; its records are not looked at.</summary>
        internal int Check(byte[] image)
        {
            if (count == attached.Length)
            {
                return DeltaReason.Full;
            }

            int reason = DeltaImage.Check(image, network, abi, layers.Length);
            for (int i = 0; i < count && reason == DeltaReason.None; i++)
            {
                reason = attached[i] == DeltaImage.Crc(image) ? DeltaReason.Attached : DeltaReason.None;
            }

            return reason;
        }

        /// <summary>
        /// Fills an array with constants of all layers: an image on top of others, which stay as they are. Original are the base's. Where there is
        /// a reason, the array is to be dropped.
        /// </summary>
        internal int Apply(byte[] image, Linear[] original, Linear[] from, Linear[] to)
        {
            System.Array.Copy(from, to, from.Length);
            DeltaRecords records = new DeltaRecords(image, rows);
            int end = DeltaImage.Records(image, layers.Length);
            for (int i = 0; i < layers.Length; i++)
            {
                int at = DeltaImage.Record(image, i);
                if (at == 0)
                {
                    continue;
                }

                DeltaLayer layer = layers[i];
                Linear changed = Copy(from[layer.Slot]);
                int reason = at == end ? records.Add(layer, at, changed) : DeltaReason.Directory;
                if (reason == DeltaReason.None)
                {
                    reason = DeltaBounds.Check(layer, changed, original[layer.Slot], records.LargestInput);
                }

                if (reason != DeltaReason.None)
                {
                    return reason;
                }

                end = records.End;
                to[layer.Slot] = changed;
            }

            return end == DeltaImage.BodyBytes(image) ? DeltaReason.None : DeltaReason.Directory;
        }

        /// <summary>Counts an image as attached.</summary>
        internal void Add(byte[] image)
        {
            attached[count] = DeltaImage.Crc(image);
            count++;
        }

        internal void Clear()
        {
            count = 0;
        }

        private static Linear Copy(Linear from)
        {
            Linear to = new Linear();
            to.Weights = from.Weights;
            to.Packed = from.Packed;
            to.Gamma = from.Gamma;
            to.Bias = from.Bias;
            to.Multiplier = from.Multiplier;
            to.Shift = from.Shift;
            to.Lora = from.Lora;
            to.Sparse = from.Sparse;
            to.Chunk = from.Chunk;
            to.Sections = from.Sections;
            return to;
        }
    }
}
