using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>
/// Constants of an int8 layer with weights (convolution, depthwise convolution, fully connected):
/// <c>y[o] = clamp(requant(bias[o] + sum w[o,k]·(x[k]−zx) + extra[o], m[o]) + zy)</c>.
/// </summary>
/// <param name="Weights">In the graph's layout of the operator.</param>
/// <param name="WeightScales">Real scale per output channel.</param>
/// <param name="Bias">Per output channel, at scale <c>sx·sw[o]</c>, input zero point not folded in.</param>
/// <param name="Multipliers">Requantisation mantissa per output channel.</param>
/// <param name="Shifts">Requantisation exponent per output channel; positive is to the left.</param>
public sealed record LinearLayer(
    EquatableArray<sbyte> Weights,
    EquatableArray<float> WeightScales,
    EquatableArray<int> Bias,
    EquatableArray<int> Multipliers,
    EquatableArray<int> Shifts,
    int InputZeroPoint,
    float InputScale,
    int OutputZeroPoint,
    float OutputScale,
    int ActivationMin,
    int ActivationMax) : Int8Layer
{
    /// <summary>A LoRA side path that adds to the accumulator; null for none.</summary>
    public SidePath? Side { get; init; }

    /// <summary>Side paths of composed adapters beside <see cref="Side"/>, each with its own rounding.</summary>
    public EquatableArray<SidePath> FurtherSides { get; init; }

    /// <summary>All side paths.</summary>
    public IEnumerable<SidePath> Terms => Side is null ? [] : FurtherSides.Prepend(Side);

    /// <summary>Changed weights that correct the accumulator; null for none.</summary>
    public SparseCorrection? Corrections { get; init; }

    public int OutputChannels => Bias.Length;

    /// <summary>Requantises one accumulator to the output's int8.</summary>
    public sbyte Finish(int accumulator, int channel)
    {
        int value = FixedPoint.Requantize(accumulator, Multipliers[channel], Shifts[channel]) + OutputZeroPoint;
        return (sbyte)Math.Clamp(value, ActivationMin, ActivationMax);
    }
}

/// <summary>
/// LoRA beside an int8 layer (generator/DESIGN.md section 5): <c>u[r] = clamp16(requant(sum A[r,k]·(x[k]−zx)))</c>, then
/// <c>(sum B[o,r]·u[r] + half) >> shift[o]</c> is added to the accumulator.
/// </summary>
/// <param name="Rank">Number of rows of A.</param>
/// <param name="A"><c>[rank, K]</c>, K in the layer's weight order.</param>
/// <param name="Multipliers">Per rank: accumulator of A to <c>u</c>.</param>
/// <param name="Shifts">Per rank exponent; positive is to the left.</param>
/// <param name="B"><c>[outputs, rank]</c>.</param>
/// <param name="OutputShifts">Per output channel, 0..31.</param>
public sealed record SidePath(
    int Rank,
    EquatableArray<sbyte> A,
    EquatableArray<int> Multipliers,
    EquatableArray<int> Shifts,
    EquatableArray<sbyte> B,
    EquatableArray<int> OutputShifts)
{
    /// <summary>Added to A's sums: what columns of constant inputs gave that were removed. Empty for nothing.</summary>
    public EquatableArray<int> Offsets { get; init; }

    /// <summary>What A's sum of a row starts with.</summary>
    public int OffsetOf(int row) => Offsets.Length == 0 ? 0 : Offsets[row];
}

/// <summary>
/// Weights of a merged adapter that differ from the base's at the base's scales: for output <c>o</c> the entries
/// <c>RowStarts[o]..RowStarts[o+1]</c> hold column and difference.
/// </summary>
/// <param name="RowStarts">Length outputs + 1.</param>
/// <param name="Columns">Weight column of each entry, ascending within a row.</param>
/// <param name="Differences">New minus old weight, -255..255.</param>
public sealed record SparseCorrection(EquatableArray<int> RowStarts, EquatableArray<int> Columns, EquatableArray<short> Differences);
