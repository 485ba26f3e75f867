namespace Mcu.Generator.Calibration;

/// <summary>Counts of values in equal bins over a fixed range.</summary>
public sealed class Histogram(float min, float max)
{
    private const int Bins = 2048;
    private readonly long[] counts = new long[Bins];

    public float Min { get; } = min;

    public float Max { get; } = max;

    public long Total { get; private set; }

    public ReadOnlySpan<long> Counts => counts;

    private double Width => ((double)Max - Min) / Bins;

    public void Add(ReadOnlySpan<float> values)
    {
        double inverse = Width > 0 ? 1 / Width : 0;
        foreach (float value in values)
        {
            counts[Math.Clamp((int)((value - Min) * inverse), 0, Bins - 1)]++;
        }

        Total += values.Length;
    }

    /// <summary>Centre of a bin.</summary>
    public double Centre(int bin) => Min + ((bin + 0.5) * Width);

    /// <summary>Lower edge of a bin.</summary>
    public double Edge(int bin) => Min + (bin * Width);
}
