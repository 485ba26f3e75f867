// Which fields are set depends on the network: one without adapters has none of theirs.
#pragma warning disable 0649
namespace Mcu.Runtime
{
    /// <summary>Constants of one layer with weights; the base has one, and so has each adapter that changes the layer.</summary>
    internal sealed class Linear
    {
        /// <summary>[outputs][depth].</summary>
        internal sbyte[] Weights;

        /// <summary>The weights three to a number (Lanes.cs); null where the kernel takes them as they are.</summary>
        internal long[] Packed;

        /// <summary>Of a layer normalisation, in place of weights.</summary>
        internal short[] Gamma;

        /// <summary>Start values of the accumulators, the input zero point folded in, or beta.</summary>
        internal int[] Bias;

        internal int[] Multiplier;

        /// <summary>To the right; negative is to the left.</summary>
        internal sbyte[] Shift;

        /// <summary>Low-rank terms, or null.</summary>
        internal Lora Lora;

        /// <summary>Changed weights as pairs of gap and difference, or null.</summary>
        internal byte[] Sparse;

        /// <summary>Products that a lane can add up, where delta images may bring other weights (Lanes.cs).</summary>
        internal int Chunk;

        /// <summary>Sections of the delta images that made this (DeltaRecords.cs); 0 for what was compiled in.</summary>
        internal int Sections;
    }

    /// <summary>
    /// A low-rank term beside the base: u = clamp16(requant(A*x + ABias)), then (B*u + half) >> BShift is added to the
    /// accumulator.
    /// </summary>
    internal sealed class Lora
    {
        internal int Rank;
        internal sbyte[] A;
        internal int[] ABias;
        internal int[] AMultiplier;
        internal sbyte[] AShift;
        internal sbyte[] B;
        internal byte[] BShift;

        /// <summary>A further term that adds, or null.</summary>
        internal Lora Next;
    }

    /// <summary>Memory that kernels share; one network runs one layer at a time.</summary>
    internal sealed class Scratch
    {
        /// <summary>Windows of up to six pixels, or one channel's plane.</summary>
        internal sbyte[] Patch;

        /// <summary>Windows of pixels 0..2, three to a number.</summary>
        internal long[] LanesA;

        /// <summary>Windows of pixels 3..5.</summary>
        internal long[] LanesB;

        /// <summary>What adapters add: six pixels by outputs, then the projections of one pixel; taps of a depthwise window.</summary>
        internal int[] Terms;
    }
}
