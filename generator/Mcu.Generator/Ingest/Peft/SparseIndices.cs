using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>Indices of weights, stored as whole numbers of any type (PEFT writes SHiRA's as float32 on some systems).</summary>
internal static class SparseIndices
{
    /// <summary>Up to here float32 holds every whole number.</summary>
    public const int Largest = 1 << 24;

    /// <summary>Null where a number is not a whole one from 0 to <see cref="Largest"/>.</summary>
    public static int[]? Of(TensorData data) => data switch
    {
        FloatData d => Of(d.Values.Select(v => (double)v)),
        Int8Data d => Of(d.Values.Select(v => (double)v)),
        Int32Data d => Of(d.Values.Select(v => (double)v)),
        Int64Data d => Of(d.Values.Select(v => (double)v)),
        _ => null,
    };

    private static int[]? Of(IEnumerable<double> values)
    {
        double[] numbers = [.. values];
        return Array.TrueForAll(numbers, v => v >= 0 && v <= Largest && v == Math.Floor(v)) ? Array.ConvertAll(numbers, v => (int)v) : null;
    }
}
