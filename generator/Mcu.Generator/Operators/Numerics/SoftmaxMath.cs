using static Mcu.Generator.Operators.Numerics.FixedPoint;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>
/// Fixed-point exponential and reciprocal of the int8 softmax (gemmlowp's <c>exp_on_negative_values</c> and
/// <c>one_over_one_plus_x_for_x_in_0_1</c>; Q-formats as noted).
/// </summary>
public static class SoftmaxMath
{
    /// <summary>Raw Q0.31 values of <c>exp(-2^k)</c> for k = -2..4: the barrel shifter's factors.</summary>
    private static readonly int[] ExpFactors = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];

    /// <summary><c>exp(a)</c> in Q0.31 for <paramref name="a"/> in Q5.26, not positive.</summary>
    public static int ExpOnNegativeValues(int a)
    {
        const int fractionBits = 26;
        const int oneQuarter = 1 << (fractionBits - 2);
        if (a == 0)
        {
            return int.MaxValue;
        }

        int modulo = (a & (oneQuarter - 1)) - oneQuarter;
        int result = ExpBetweenMinusOneQuarterAndZero(SaturatingShiftLeft(modulo, 5));
        int remainder = modulo - a;
        for (int k = 0; k < ExpFactors.Length; k++)
        {
            if ((remainder & (1 << (fractionBits - 2 + k))) != 0)
            {
                result = SaturatingRoundingDoublingHighMul(result, ExpFactors[k]);
            }
        }

        return result;
    }

    /// <summary>
    /// <c>1/x</c> of a sum in Q12.19: a Q0.31 mantissa and how many bits the sum lies above one.
    /// </summary>
    public static (int Scale, int BitsOverUnit) Reciprocal(int sum)
    {
        int headroom = System.Numerics.BitOperations.LeadingZeroCount((uint)sum);
        int fraction = (int)(((uint)sum << headroom) - (1u << 31));
        return (OneOverOnePlusX(fraction), 12 - headroom);
    }

    private static int ExpBetweenMinusOneQuarterAndZero(int a)
    {
        const int expOfMinusOneEighth = 1895147668;
        const int oneThird = 715827883;
        int x = a + (1 << 28);
        int x2 = SaturatingRoundingDoublingHighMul(x, x);
        int x3 = SaturatingRoundingDoublingHighMul(x2, x);
        int x4 = SaturatingRoundingDoublingHighMul(x2, x2);
        int x4Over4 = RoundingDivideByPowerOfTwo(x4, 2);
        int series = RoundingDivideByPowerOfTwo(SaturatingRoundingDoublingHighMul(x4Over4 + x3, oneThird) + x2, 1);
        return expOfMinusOneEighth + SaturatingRoundingDoublingHighMul(expOfMinusOneEighth, x + series);
    }

    private static int OneOverOnePlusX(int a)
    {
        const int fortyEightOver17 = 1515870810;
        const int minusThirtyTwoOver17 = -1010580540;
        const int oneInQ2 = 1 << 29;
        int halfDenominator = (int)(((long)a + int.MaxValue + 1) / 2);
        int x = fortyEightOver17 + SaturatingRoundingDoublingHighMul(halfDenominator, minusThirtyTwoOver17);
        for (int i = 0; i < 3; i++)
        {
            int oneMinus = oneInQ2 - SaturatingRoundingDoublingHighMul(halfDenominator, x);
            x += SaturatingShiftLeft(SaturatingRoundingDoublingHighMul(x, oneMinus), 2);
        }

        return SaturatingShiftLeft(x, 1);
    }
}
