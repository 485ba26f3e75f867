namespace Mcu.Generator.Operators.Numerics;

/// <summary>
/// <c>1/sqrt(w)</c> in integers: the argument is brought to [1/4, 1) by an even shift; a straight line within 11 % of the result
/// starts four Newton steps <c>y = y·(3 − u·y²)/2</c> in Q30, each of which squares the relative error (times 3/2). Every product
/// is 32 by 32 bits. The kernel does the same (mcu_layer_normalization_s8.c).
/// </summary>
public static class InverseSquareRoot
{
    private const uint Line = 2390471422;       // 2.2263 in Q30
    private const uint OneThird = 1431655765;   // of 2^32
    private const uint Three = 3u << 30;

    /// <summary>
    /// <c>1/sqrt(w) = Multiplier · 2^(Shift − 61)</c> with a relative error below 2^-28; for 1 ≤ w &lt; 2^62.
    /// </summary>
    public static (int Multiplier, int Shift) Of(ulong w)
    {
        int shift = System.Numerics.BitOperations.LeadingZeroCount(w << 2) / 2;
        uint u = (uint)(w << (2 * shift) >> 30);
        uint y = Line - (uint)((u * (ulong)OneThird) >> 32);
        for (int i = 0; i < 4; i++)
        {
            uint uy = (uint)((u * (ulong)y) >> 32);
            uint uyy = (uint)((uy * (ulong)y) >> 30);
            y = (uint)((y * (ulong)(Three - uyy)) >> 31);
        }

        return ((int)Math.Min(y, int.MaxValue), shift);
    }
}
