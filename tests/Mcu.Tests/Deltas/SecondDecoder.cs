using System.Globalization;

namespace Mcu.Tests.Deltas;

/// <summary>
/// A decoder of delta images written from docs/DELTA-FORMAT.md alone, in the plainest way: nothing of the generator is used. Throws
/// <see cref="InvalidDataException"/> where the text says that an image is refused.
/// </summary>
internal sealed class SecondDecoder
{
    private readonly byte[] image;
    private readonly bool paired;
    private int at;

    private SecondDecoder(byte[] image, bool paired)
    {
        this.image = image;
        this.paired = paired;
    }

    public sealed record Term(int[] Multipliers, int[] Starts, int[,] A, int[,] B, int[] ShiftsOfA, int[] ShiftsOfB);

    public sealed record Layer(int[]? Bias, int[]? Multipliers, int[]? Shifts, int[,]? Weights, List<Term> Terms, SortedDictionary<int, int>? Differences);

    public sealed record Image(uint Id, uint Version, uint Counter, List<string> Parents, List<(uint Seed, uint Crc)> Tests, Layer?[] Layers, byte[] Cose);

    /// <param name="abi">Text of the ABI.</param>
    public static Image Decode(byte[] image, string abi)
    {
        string[] lines = abi.Split('\n');
        bool paired = lines.Single(l => l.StartsWith("packing ", StringComparison.Ordinal)) == "packing 1";
        string[][] layers = [.. lines.Where(l => l.StartsWith("layer ", StringComparison.Ordinal)).Select(l => l.Split(' ', 13))];
        byte[] hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(abi));
        Refuse(!image.AsSpan(32, 16).SequenceEqual(hash.AsSpan(0, 16)), "abi");
        return new SecondDecoder(image, paired).Run(layers);
    }

    private Image Run(string[][] abi)
    {
        Refuse(image is not [0x4D, 0x43, 0x55, 0x44, 1, 0, ..], "magic, format or flags");
        int layers = image[6] | (image[7] << 8);
        uint body = U32(8);
        Refuse(layers != abi.Length || body % 4 != 0 || body > image.Length || U32(12) != Crc([.. image[..12], .. image[16..(int)body]]), "header");
        at = 64;
        List<string> parents = [.. Enumerable.Range(0, image[61]).Select(_ => Convert.ToHexStringLower(Take(16)))];
        List<(uint, uint)> tests = [.. Enumerable.Range(0, image[60]).Select(_ => (Next(), Next()))];
        int directory = at;
        at += 2 * layers;
        Align();
        var result = new Layer?[layers];
        for (int i = 0; i < layers; i++)
        {
            int entry = image[directory + (2 * i)] | (image[directory + (2 * i) + 1] << 8);
            Refuse(entry != 0 && 4 * entry != at, "directory");
            result[i] = entry == 0 ? null : Record(abi[i][2], Number(abi[i][3]), Number(abi[i][4]));
        }

        Refuse(at != body, "end of body");
        byte[] cose = [];
        if (at < image.Length)
        {
            Refuse(image[at] != 'S' || image[at + 1] != 'G', "trailer");
            int length = image[at + 2] | (image[at + 3] << 8);
            at += 4;
            cose = Take(length);
            Align();
            Refuse(at != image.Length, "end of file");
        }

        return new Image(U32(48), U32(52), U32(56), parents, tests, result, cose);
    }

    private Layer Record(string kind, int outputs, int depth)
    {
        (int sections, int rank, int sparse) = (image[at], image[at + 1], image[at + 2] | (image[at + 3] << 8));
        at += 4;
        bool pairs = paired && kind == "matrix";
        int scales = kind == "norm" ? 1 : outputs;
        int[]? bias = (sections & 1) == 0 ? null : Ints(pairs ? Even(outputs) : outputs)[..outputs];
        int[]? multipliers = (sections & 2) == 0 ? null : Ints(scales);
        int[]? shifts = (sections & 2) == 0 ? null : Shifts(scales);
        Align();
        int[,]? weights = (sections & 4) == 0 ? null : kind == "norm" ? Gamma(outputs) : Matrix(outputs, depth, pairs);
        Align();
        List<Term> terms = [];
        if ((sections & 8) != 0)
        {
            terms.Add(LowRank(rank, outputs, depth, pairs));
        }

        SortedDictionary<int, int>? differences = (sections & 16) == 0 ? null : Differences(Take(sparse));
        Align();
        while ((sections & 128) != 0)
        {
            (sections, rank) = (image[at], image[at + 1]);
            Refuse((sections & 127) != 8, "further record");
            at += 4;
            terms.Add(LowRank(rank, outputs, depth, pairs));
        }

        return new Layer(bias, multipliers, shifts, weights, terms, differences);
    }

    private Term LowRank(int rank, int outputs, int depth, bool pairs)
    {
        int[] multipliers = Ints(rank);
        int[] starts = Ints(pairs ? Even(rank) : rank)[..rank];
        int[,] a = Matrix(rank, depth, pairs);
        int[,] b = Matrix(outputs, rank, pairs);
        int[] shiftsOfA = Shifts(rank);
        int[] shiftsOfB = Shifts(outputs);
        Align();
        return new Term(multipliers, starts, a, b, shiftsOfA, shiftsOfB);
    }

    private int[,] Matrix(int rows, int columns, bool pairs)
    {
        var matrix = new int[rows, columns];
        int groups = (columns + 3) / 4;
        for (int row = 0; row < (pairs ? Even(rows) : rows); row += pairs ? 2 : 1)
        {
            for (int group = 0; group < (pairs ? groups : 1); group++)
            {
                for (int half = 0; half < (pairs ? 2 : 1); half++)
                {
                    for (int k = 0; k < (pairs ? 4 : columns); k++)
                    {
                        (int r, int c) = (row + half, (4 * group) + k);
                        int value = (sbyte)image[at++];
                        if (r < rows && c < columns)
                        {
                            matrix[r, c] = value;
                        }
                        else
                        {
                            Refuse(value != 0, "padding");
                        }
                    }
                }
            }
        }

        return matrix;
    }

    private int[,] Gamma(int outputs)
    {
        var gamma = new int[outputs, 1];
        for (int i = 0; i < outputs; i++)
        {
            gamma[i, 0] = (short)(image[at] | (image[at + 1] << 8));
            at += 2;
        }

        return gamma;
    }

    private static SortedDictionary<int, int> Differences(byte[] pairs)
    {
        var result = new SortedDictionary<int, int>();
        int p = 0;
        for (int i = 0; i < pairs.Length; i += 2)
        {
            p += pairs[i];
            if (pairs[i + 1] != 0)
            {
                result[p] = result.GetValueOrDefault(p) + (sbyte)pairs[i + 1];
            }
        }

        return result;
    }

    private int[] Ints(int count) => [.. Enumerable.Range(0, count).Select(_ => (int)Next())];

    private int[] Shifts(int count) => [.. Take(count).Select(b => (int)(sbyte)b)];

    private byte[] Take(int count)
    {
        at += count;
        return image[(at - count)..at];
    }

    private void Align()
    {
        while (at % 4 != 0)
        {
            Refuse(image[at++] != 0, "padding");
        }
    }

    private uint Next()
    {
        at += 4;
        return U32(at - 4);
    }

    private uint U32(int place) => image[place] | ((uint)image[place + 1] << 8) | ((uint)image[place + 2] << 16) | ((uint)image[place + 3] << 24);

    private static int Even(int n) => n + (n & 1);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Refuse(bool condition, string what)
    {
        if (condition)
        {
            throw new InvalidDataException(what);
        }
    }

    /// <summary>CRC-32 bit by bit.</summary>
    private static uint Crc(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
            {
                crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0xEDB88320);
            }
        }

        return ~crc;
    }
}
