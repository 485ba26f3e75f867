namespace Mcu.Generator.Operators.Numerics;

/// <summary>The error function, which .NET does not have.</summary>
public static class ErrorFunction
{
    /// <summary>From here on 1 - erf(x) is below half a unit in the last place.</summary>
    private const double One = 6;

    /// <summary>
    /// <c>2/√π · ∫₀ˣ exp(-t²) dt</c> to about 1e-15, by the series <c>2/√π · exp(-x²) · Σ 2ⁿ·x²ⁿ⁺¹ / (1·3·…·(2n+1))</c>
    /// (NIST DLMF 7.6.2), whose terms all have one sign.
    /// </summary>
    public static double Erf(double x)
    {
        if (!(Math.Abs(x) < One))
        {
            return double.IsNaN(x) ? x : Math.Sign(x);
        }

        double term = x;
        double sum = x;
        for (int n = 1; Math.Abs(term) > Math.Abs(sum) * 1e-17; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
