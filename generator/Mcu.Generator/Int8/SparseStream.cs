using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>
/// Changed weights as the device reads them (docs/DELTA-FORMAT.md, "Differences"): pairs of u8 gap and i8 difference, in order of
/// <c>position = output·depth + column</c>.
/// </summary>
public static class SparseStream
{
    private const int LargestGap = 255;

    /// <param name="depth">Weights of one output.</param>
    public static byte[] Encode(SparseCorrection corrections, int depth)
    {
        var stream = new List<byte>(2 * corrections.Columns.Length);
        int position = 0;
        for (int output = 0; output + 1 < corrections.RowStarts.Length; output++)
        {
            for (int i = corrections.RowStarts[output]; i < corrections.RowStarts[output + 1]; i++)
            {
                int target = (output * depth) + corrections.Columns[i];
                Append(stream, target - position, corrections.Differences[i]);
                position = target;
            }
        }

        return [.. stream];
    }

    /// <summary>A long way takes pairs of difference 0; a difference beyond an int8 takes pairs of gap 0.</summary>
    private static void Append(List<byte> stream, int gap, int difference)
    {
        for (; gap > LargestGap; gap -= LargestGap)
        {
            stream.AddRange([LargestGap, 0]);
        }

        do
        {
            int part = Math.Clamp(difference, sbyte.MinValue, sbyte.MaxValue);
            stream.AddRange([(byte)gap, (byte)part]);
            (gap, difference) = (0, difference - part);
        }
        while (difference != 0);
    }
}
