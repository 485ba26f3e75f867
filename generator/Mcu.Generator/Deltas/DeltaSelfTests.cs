using System.IO.Hashing;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Deltas;

/// <summary>Self-tests: what a device runs before it uses an image for the first time.</summary>
public static class DeltaSelfTests
{
    /// <summary>Seeds that may fail to tell an adapter from the base before any are taken.</summary>
    private const int MaxTries = 64;

    /// <summary>Input bytes of a seed: the high bytes of an <see cref="InputSequence"/>.</summary>
    public static sbyte[] Input(uint seed, int bytes)
    {
        var input = new sbyte[bytes];
        for (int i = 0; i < bytes; i++)
        {
            seed = InputSequence.Next(seed);
            input[i] = unchecked((sbyte)(seed >> 24));
        }

        return input;
    }

    /// <summary>
    /// Tests of a model under an adapter, with the first seeds whose outputs tell it from the base: a network may give one answer for
    /// most noise, and a test that the base alone passes would prove little.
    /// </summary>
    /// <param name="adapterIndex">As in <see cref="Int8Reference"/>.</param>
    public static EquatableArray<DeltaSelfTest> Make(Int8Model model, int adapterIndex, int count)
    {
        var telling = new List<DeltaSelfTest>();
        var others = new List<DeltaSelfTest>();
        for (uint seed = 1; telling.Count < count && seed <= MaxTries + count; seed++)
        {
            uint crc = OutputCrc32(model, adapterIndex, seed);
            (crc == OutputCrc32(model, 0, seed) ? others : telling).Add(new DeltaSelfTest(seed, crc));
        }

        return telling.Concat(others).Take(count).ToEquatableArray();
    }

    /// <summary>CRC-32 of the output bytes for the input of a seed, by the int8 reference.</summary>
    public static uint OutputCrc32(Int8Model model, int adapterIndex, uint seed)
    {
        Tensor input = model.Graph[model.Graph.Inputs[0]];
        var value = TensorValue.Create(input.Type, input.Shape);
        Input(seed, value.Int8.Length).CopyTo(value.Int8, 0);
        return Crc32.HashToUInt32(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Int8Reference.Run(model, value, adapterIndex).Int8.AsSpan()));
    }
}
