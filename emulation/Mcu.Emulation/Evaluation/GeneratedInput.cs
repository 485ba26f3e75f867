using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Emulation.Evaluation;

/// <summary>Reproducible inputs where the user gives none: the same bytes on every machine.</summary>
public static class GeneratedInput
{
    /// <summary>
    /// One int8 sample per seed from 0: an <see cref="InputSequence"/> started at the seed, of which the top bytes are
    /// taken; odd seeds use the full range, even ones a quarter of it.
    /// </summary>
    public static byte[] Int8(int seeds, Tensor input)
    {
        int elements = checked((int)input.Shape.Elements);
        var bytes = new byte[checked(seeds * elements)];
        for (int seed = 0; seed < seeds; seed++)
        {
            Fill(bytes.AsSpan(seed * elements, elements), (uint)seed);
        }

        return bytes;
    }

    private static void Fill(Span<byte> sample, uint seed)
    {
        uint state = seed;
        bool full = seed % 2 == 1;
        for (int i = 0; i < sample.Length; i++)
        {
            state = InputSequence.Next(state);
            var value = (sbyte)(state >> 24);
            sample[i] = (byte)(full ? value : (sbyte)(value >> 2));
        }
    }
}
