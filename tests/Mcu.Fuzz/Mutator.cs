using System.Buffers.Binary;

namespace Mcu.Fuzz;

/// <summary>Changes valid inputs a little: bits, bytes, words of extreme value, pieces moved, cut or taken from another input.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> seeds)
{
    private const int MaxChanges = 8;

    private static readonly uint[] Extremes =
    [
        0, 1, 2, 3, 4, 8, 0x10, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x3FFFFFFF, 0x7FFFFFF0, 0x7FFFFFFF,
        0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF, 0x7F800000, 0x7FC00000, 0xFF800000, 0x00000001,
    ];

    /// <summary>The input number <paramref name="index"/> of the sequence that <paramref name="seed"/> starts; always the same.</summary>
    public byte[] Input(int seed, int index)
    {
        var random = new Random(unchecked((seed * 1_000_003) + index));
        byte[] input = [.. Pick(random)];
        int changes = 1 + random.Next(MaxChanges);
        for (int i = 0; i < changes && input.Length > 0; i++)
        {
            input = Change(input, random);
        }

        return input;
    }

    private byte[] Pick(Random random) => seeds[random.Next(seeds.Count)];

    private byte[] Change(byte[] input, Random random)
    {
        int at = random.Next(input.Length);
        switch (random.Next(12))
        {
            case 0 or 1 or 2:
                input[at] ^= (byte)(1 << random.Next(8));
                return input;
            case 3 or 4:
                input[at] = (byte)random.Next(256);
                return input;
            case 5 or 6 or 7:
                Word(input, at & ~3, Extremes[random.Next(Extremes.Length)]);
                return input;
            case 8:
                Word(input, at & ~3, (uint)random.Next(input.Length + 16));
                return input;
            case 9:
                return Move(input, at, random);
            case 10:
                return Splice(input, at, random);
            default:
                return random.Next(4) == 0 ? input[..at] : Remove(input, at, random);
        }
    }

    private static void Word(byte[] input, int at, uint value)
    {
        if (at + 4 <= input.Length)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(input.AsSpan(at), value);
        }
    }

    /// <summary>Copies a piece over another place: tables that point at each other's parts.</summary>
    private static byte[] Move(byte[] input, int at, Random random)
    {
        int length = Math.Min(1 + random.Next(64), input.Length - at);
        int to = random.Next(input.Length - length + 1);
        Array.Copy(input, at, input, to, length);
        return input;
    }

    private byte[] Splice(byte[] input, int at, Random random)
    {
        byte[] other = Pick(random);
        int length = Math.Min(1 + random.Next(256), Math.Min(other.Length, input.Length - at));
        Array.Copy(other, random.Next(other.Length - length + 1), input, at, length);
        return input;
    }

    private static byte[] Remove(byte[] input, int at, Random random)
    {
        int length = Math.Min(1 + random.Next(32), input.Length - at);
        return [.. input[..at], .. input[(at + length)..]];
    }
}
