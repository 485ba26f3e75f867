using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Tests.Deltas;

/// <summary>The limits of docs/DELTA-FORMAT.md at their edges, computed by hand.</summary>
public sealed class DeltaCheckerTests
{
    private const int Fast = 1 << 30;
    private const long Slow = (1L << 31) - 256;

    /// <summary>Largest weights sum of 1000 inputs in the base: 128 · 1000.</summary>
    private const int BaseInput = 128_000;

    [Theory]
    [InlineData(Fast - BaseInput - 1, true)]
    [InlineData(Fast - BaseInput, false)]
    [InlineData(-(Fast - BaseInput - 1), true)]
    [InlineData(int.MinValue, false)]
    public void A_bias_is_accepted_up_to_the_limit_of_a_fast_layer(int bias, bool ok) => Assert.Equal(ok, Passes(new DeltaLayer { Bias = [bias] }, isFast: true));

    [Theory]
    [InlineData(Slow - BaseInput - 1, true)]
    [InlineData(Slow - BaseInput, false)]
    public void Other_layers_leave_room_for_the_zero_point(long bias, bool ok) => Assert.Equal(ok, Passes(new DeltaLayer { Bias = [(int)bias] }, isFast: false));

    /// <summary>Two differences of 100 add 255·200 = 51,000.</summary>
    [Theory]
    [InlineData(Fast - BaseInput - 51_000 - 1, true)]
    [InlineData(Fast - BaseInput - 51_000, false)]
    public void Differences_count_255_times(int bias, bool ok) => Assert.Equal(ok, Passes(
        new DeltaLayer { Bias = [bias], Sparse = DeltaSparse.Of(new Dictionary<int, int> { [0] = 100, [3] = -100 }, 1, 4) }, isFast: true));

    /// <summary>B = 3 and -4 with a shift of 2: (7·32768 >> 2) + 1 = 57,345.</summary>
    [Theory]
    [InlineData(Fast - BaseInput - 57_345 - 1, true)]
    [InlineData(Fast - BaseInput - 57_345, false)]
    public void A_low_rank_term_counts_its_largest_sum_and_its_rounding(int bias, bool ok) =>
        Assert.Equal(ok, Passes(new DeltaLayer { Bias = [bias], Terms = [Term([3, -4], 2)] }, isFast: true));

    /// <summary>Four weights of -128 count 128·512 = 65,536 instead of the base's.</summary>
    [Theory]
    [InlineData(Fast - 65_536 - 1, true)]
    [InlineData(Fast - 65_536, false)]
    public void New_weights_count_instead_of_the_bases(int bias, bool ok) => Assert.Equal(ok, Passes(
        new DeltaLayer { Bias = [bias], Requant = new([Fast], [1]), Weights = [-128, -128, -128, -128] }, isFast: true));

    [Theory]
    [InlineData(Fast, 1, true)]
    [InlineData(Fast, 22, true)]
    [InlineData(Fast - 1, 5, false)]
    [InlineData(Fast, 0, false)]
    [InlineData(Fast, 23, false)]
    public void Fast_layers_take_normalised_multipliers_and_shifts_of_1_to_22(int multiplier, int shift, bool ok)
    {
        var layer = new DeltaLayer { Requant = new([multiplier], [shift]) };

        Assert.Equal(ok, Passes(layer, isFast: true));
        Assert.True(Passes(layer, isFast: false));
    }

    [Fact]
    public void Images_that_fit_alone_may_not_fit_together()
    {
        DeltaLayer half = new() { Terms = [Term([.. Enumerable.Repeat((sbyte)127, 128)], 0)] };
        DeltaLayer other = new() { Bias = [Fast - BaseInput - (127 * 128 * 32768) - 2] };

        Assert.True(Passes(half, isFast: true));
        Assert.True(Passes([half, other], isFast: true));
        Assert.False(Passes([half, other, half], isFast: true));
    }

    [Fact]
    public void The_bases_bias_counts_where_an_image_brings_none() =>
        Assert.False(Passes([new DeltaLayer { Sparse = DeltaSparse.Of(new Dictionary<int, int> { [0] = 1 }, 1, 4) }], isFast: true, baseBias: Fast - BaseInput - 255));

    /// <summary>32767 times the largest normalised value, 32769, is 2^30 - 1; 32768 times it 2^30 + 2^15.</summary>
    [Theory]
    [InlineData(32767, 0, true, true)]
    [InlineData(-32767, 1, true, false)]
    [InlineData(0, Fast - 1, true, true)]
    [InlineData(0, -Fast, true, false)]
    [InlineData(-32768, (int)(Slow - Fast - 32768 - 1), false, true)]
    [InlineData(-32768, (int)(Slow - Fast - 32768), false, false)]
    [InlineData(-32768, -(int)(Slow - Fast - 32768), false, false)]
    [InlineData(0, int.MinValue, false, false)]
    public void Gamma_counts_32769_times_beside_beta(int gamma, int beta, bool isFast, bool ok)
    {
        Assert.Equal(ok, PassesNorm([new DeltaLayer { Bias = [beta], Gamma = [(short)gamma] }], isFast, 7, 7));
        Assert.Equal(ok, PassesNorm([new DeltaLayer { Bias = [beta] }, new DeltaLayer { Gamma = [(short)gamma] }], isFast, 7, 7));
        Assert.Equal(ok, PassesNorm([new DeltaLayer { Bias = [beta] }], isFast, 7, (short)gamma));
        Assert.Equal(ok, PassesNorm([new DeltaLayer { Gamma = [(short)gamma] }], isFast, beta, 7));
    }

    [Theory]
    [InlineData(Fast - 1, 5, false)]
    [InlineData(Fast, 23, false)]
    [InlineData(Fast, 22, true)]
    public void Fast_layer_normalisations_take_a_normalised_multiplier_and_a_shift_of_1_to_22(int multiplier, int shift, bool ok) =>
        Assert.Equal(ok, PassesNorm([new DeltaLayer { Requant = new([multiplier], [shift]) }], true, 7, 7));

    private static bool PassesNorm(DeltaLayer[] layers, bool isFast, int baseBeta, short baseGamma) =>
        Passes(layers, new DeltaLayerShape("l", LinearKind.Norm, 1, 1, isFast, 0, 0), baseBeta, baseGamma);

    private static SidePath Term(sbyte[] b, int shift) =>
        new(b.Length, [.. new sbyte[b.Length * 4]], [.. new int[b.Length]], [.. new int[b.Length]], EquatableArray.Wrap(b), [shift]);

    private static bool Passes(DeltaLayer layer, bool isFast) => Passes([layer], isFast);

    private static bool Passes(DeltaLayer[] layers, bool isFast, int baseBias = 0) =>
        Passes(layers, new DeltaLayerShape("l", LinearKind.Matrix, 1, 4, isFast, 0, BaseInput), baseBias, 0);

    private static bool Passes(DeltaLayer[] layers, DeltaLayerShape layer, int baseBias, short baseGamma)
    {
        var shape = new DeltaInterface(default, null, 0, [layer]);
        try
        {
            DeltaChecker.Check([.. layers.Select(l => new DeltaImage(new DeltaHeader(default, default, 0, 0, 0), [], [], [l]))], shape, _ => [baseBias], "x", _ => [baseGamma]);
            return true;
        }
        catch (DiagnosticException e)
        {
            Assert.Equal("MCU1209", e.Diagnostic.Code);
            return false;
        }
    }
}
