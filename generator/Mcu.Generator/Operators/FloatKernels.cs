namespace Mcu.Generator.Operators;

/// <summary>
/// Inner loops of the float references. They accumulate in double precision in a fixed order, so that results are the
/// same on every machine, whatever its vector width.
/// </summary>
internal static class FloatKernels
{
    /// <summary>Sum of products in double precision, in four interleaved partial sums.</summary>
    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        b = b[..a.Length];
        int i = 0;
        for (; i + 4 <= a.Length; i += 4)
        {
            s0 += (double)a[i] * b[i];
            s1 += (double)a[i + 1] * b[i + 1];
            s2 += (double)a[i + 2] * b[i + 2];
            s3 += (double)a[i + 3] * b[i + 3];
        }

        for (; i < a.Length; i++)
        {
            s0 += (double)a[i] * b[i];
        }

        return s0 + s1 + (s2 + s3);
    }

    public static void Clamp(Span<float> values, FusedActivation activation)
    {
        if (activation.IsNone)
        {
            return;
        }

        foreach (ref float value in values)
        {
            value = activation.Apply(value);
        }
    }
}
