using System.Numerics;
using Mcu.Generator.Deltas;

namespace Mcu.Tests.Deltas;

/// <summary>
/// One matrix layer of a device with images attached, in unbounded integers and from the text of docs/DELTA-FORMAT.md: raw inputs, start
/// values with the zero point folded in, each image's terms one after the other.
/// </summary>
internal static class PlainLayer
{
    public static sbyte[] Run(DeltaSlot slot, IReadOnlyList<SecondDecoder.Layer?> images, int[] raw)
    {
        var outputs = new sbyte[slot.Outputs];
        for (int o = 0; o < outputs.Length; o++)
        {
            BigInteger sum = slot.Linear.Bias[o];
            int[] weights = [.. Enumerable.Range(0, slot.Depth).Select(k => (int)slot.Linear.Weights[(o * slot.Depth) + k])];
            (int multiplier, int shift) = (slot.Linear.Multipliers[o], -slot.Linear.Shifts[o]);
            int? start = null;
            BigInteger extra = 0;
            foreach (SecondDecoder.Layer image in images.OfType<SecondDecoder.Layer>())
            {
                start = image.Bias?[o] ?? start;
                extra += image.Terms.Aggregate(BigInteger.Zero, (total, term) => total + Term(term, o, raw));
                extra += (image.Differences ?? []).Where(d => d.Key / slot.Depth == o).Aggregate(BigInteger.Zero, (total, d) => total + (d.Value * (raw[d.Key % slot.Depth] - slot.Linear.InputZeroPoint)));
            }

            sum = start ?? (sum - (slot.Linear.InputZeroPoint * weights.Sum()));
            sum += weights.Zip(raw, (w, x) => (BigInteger)w * x).Aggregate(BigInteger.Zero, (a, b) => a + b) + extra;
            BigInteger y = Requantise(sum, multiplier, shift) + slot.Linear.OutputZeroPoint;
            outputs[o] = (sbyte)BigInteger.Max(slot.Linear.ActivationMin, BigInteger.Min(slot.Linear.ActivationMax, y));
        }

        return outputs;
    }

    private static BigInteger Term(SecondDecoder.Term term, int output, int[] raw)
    {
        BigInteger sum = 0;
        for (int r = 0; r < term.Multipliers.Length; r++)
        {
            BigInteger u = term.Starts[r];
            for (int k = 0; k < raw.Length; k++)
            {
                u += term.A[r, k] * raw[k];
            }

            u = BigInteger.Max(short.MinValue, BigInteger.Min(short.MaxValue, Requantise(u, term.Multipliers[r], term.ShiftsOfA[r])));
            sum += term.B[output, r] * u;
        }

        BigInteger unit = BigInteger.One << term.ShiftsOfB[output];
        return Floor((2 * sum) + unit, 2 * unit);
    }

    /// <summary>Doubling high multiply, rounded half up; then division by a power of two, rounded half away from zero.</summary>
    private static BigInteger Requantise(BigInteger x, int multiplier, int shift)
    {
        BigInteger high = Floor((x * multiplier) + (1L << 30), 1L << 31);
        BigInteger unit = BigInteger.One << shift;
        BigInteger magnitude = Floor((2 * BigInteger.Abs(high)) + unit, 2 * unit);
        return high.Sign * magnitude;
    }

    private static BigInteger Floor(BigInteger a, BigInteger b) => (a - (((a % b) + b) % b)) / b;
}
