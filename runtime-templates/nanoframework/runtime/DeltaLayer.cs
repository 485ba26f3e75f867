namespace Mcu.Runtime
{
    /// <summary>One layer that a delta image may change.</summary>
    internal sealed class DeltaLayer
    {
        /// <summary>Kinds: every output reads the whole window, that of one channel, or its own normalised value.</summary>
        internal const int Matrix = 0;
        internal const int Depthwise = 1;
        internal const int Norm = 2;

        internal readonly int Slot;
        internal readonly int Kind;
        internal readonly int Outputs;

        /// <summary>Weights of one output.</summary>
        internal readonly int Depth;

        /// <summary>Whether accumulators and scales keep to the narrower limits.</summary>
        internal readonly bool Fast;

        /// <summary>Whether the kernel takes the weights three to a number.</summary>
        internal readonly bool Packs;

        /// <summary>The base's largest 128 * sum |w| over the outputs; not read of a layer normalisation.</summary>
        internal readonly int LargestInput;

        internal DeltaLayer(int slot, int kind, int outputs, int depth, bool fast, bool packs, int largestInput)
        {
            Slot = slot;
            Kind = kind;
            Outputs = outputs;
            Depth = depth;
            Fast = fast;
            Packs = packs;
            LargestInput = largestInput;
        }

        /// <summary>Multipliers and shifts.</summary>
        internal int Scales
        {
            get { return Kind == Norm ? 1 : Outputs; }
        }

        internal int WeightBytes
        {
            get { return Kind == Norm ? 2 * Outputs : Outputs * Depth; }
        }
    }
}
