namespace Mcu.Generator.Calibration;

/// <summary>Chooses an activation's range from the histogram of its values.</summary>
public static class RangeChooser
{
    /// <summary>Share of values that the percentile method leaves out at each end.</summary>
    public const double TailFraction = 1e-4;

    private const int Candidates = 64;

    public static ActivationRange Choose(CalibrationMethod method, Histogram histogram) => method switch
    {
        CalibrationMethod.MinMax => WithZero(histogram.Min, histogram.Max),
        CalibrationMethod.Percentile => Percentile(histogram),
        _ => LeastError(histogram),
    };

    private static ActivationRange WithZero(double min, double max) => new((float)Math.Min(min, 0), (float)Math.Max(max, 0));

    private static ActivationRange Percentile(Histogram histogram)
    {
        long tail = (long)(histogram.Total * TailFraction);
        int low = 0;
        for (long below = histogram.Counts[0]; below <= tail && low < histogram.Counts.Length - 1; below += histogram.Counts[low])
        {
            low++;
        }

        int high = histogram.Counts.Length - 1;
        for (long above = histogram.Counts[high]; above <= tail && high > low; above += histogram.Counts[high])
        {
            high--;
        }

        return WithZero(histogram.Edge(low), histogram.Edge(high + 1));
    }

    /// <summary>Shrinks both ends together in steps and keeps the range with the least error.</summary>
    private static ActivationRange LeastError(Histogram histogram)
    {
        ActivationRange best = WithZero(histogram.Min, histogram.Max);
        double bestError = Error(histogram, best);
        for (int i = Candidates / 4; i < Candidates; i++)
        {
            double factor = (double)i / Candidates;
            ActivationRange range = WithZero(histogram.Min * factor, histogram.Max * factor);
            double error = Error(histogram, range);
            if (error < bestError)
            {
                (best, bestError) = (range, error);
            }
        }

        return best;
    }

    private static double Error(Histogram histogram, ActivationRange range)
    {
        double scale = Math.Max(((double)range.Max - range.Min) / 255, 1e-30);
        double error = 0;
        for (int bin = 0; bin < histogram.Counts.Length; bin++)
        {
            double value = histogram.Centre(bin);
            double clamped = Math.Clamp(value, range.Min, range.Max);

            // Inside the range the rounding error is uniform over one step.
            double outside = value - clamped;
            error += histogram.Counts[bin] * ((outside * outside) + (scale * scale / 12));
        }

        return error;
    }
}
