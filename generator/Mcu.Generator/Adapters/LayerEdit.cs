using Mcu.Generator.Calibration;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Adapters;

/// <summary>What the patches of one linear layer make of its real weights and bias.</summary>
/// <param name="Unscaled">Weights before outputs are scaled as a whole; the base's own values where nothing else changed.</param>
/// <param name="RowFactors">Factor per output of <paramref name="Unscaled"/>; null where no patch scales outputs.</param>
/// <param name="Bias">Bias; null where the layer has none and gets none.</param>
/// <param name="ChangesWeights">Whether <paramref name="Unscaled"/> differs from the base by more than rounding could tell.</param>
public sealed record LayerEdit(float[] Unscaled, double[]? RowFactors, float[]? Bias, bool ChangesWeights)
{
    /// <summary>Whether the bias is the base's times <see cref="RowFactors"/> and nothing else: in units of the accumulator it stays.</summary>
    public bool BiasFollowsRows { get; private init; }

    /// <summary>Whether the bias is the base's own.</summary>
    public bool KeepsBias { get; private init; }

    /// <summary>Whether outputs were multiplied by zero or a negative factor, which <see cref="WithPositiveFactors"/> moved into the weights.</summary>
    public bool TurnsSigns { get; private init; }

    /// <summary>The new weights, factors applied.</summary>
    public float[] Weights(bool outputsInnermost) => RowFactors is null ? Unscaled : ScaledRows(Unscaled, RowFactors, outputsInnermost);

    /// <param name="weights">Real weights in the node's layout.</param>
    /// <param name="bias">Real bias, or null.</param>
    /// <param name="outputs">Number of output channels.</param>
    /// <param name="outputsInnermost">Whether the output channel is the last axis (depthwise).</param>
    /// <param name="patches">The changes of this layer by one adapter.</param>
    public static LayerEdit Of(float[] weights, float[]? bias, int outputs, bool outputsInnermost, IReadOnlyCollection<BoundPatch> patches)
    {
        float[] changed = ChangedWeights(weights, patches);
        double[]? factors = RowFactorsOf(changed, outputs, outputsInnermost, patches);
        float[]? changedBias = ChangedBias(bias, outputs, patches);
        return new LayerEdit(changed, factors, changedBias, !ReferenceEquals(changed, weights))
        {
            KeepsBias = ReferenceEquals(changedBias, bias),
            BiasFollowsRows = !patches.Any(p => p is BiasPatch or BiasDifferencePatch or MagnitudePatch)
                && patches.OfType<RowScalePatch>().All(s => s.BiasFactors == s.Factors && s.BiasOffsets.All(o => o == 0)),
        };
    }

    /// <summary>
    /// The same change with factors above zero, which a requantisation multiplier can hold: a negative factor turns the signs of its
    /// output's weights, a zero one clears them.
    /// </summary>
    public LayerEdit WithPositiveFactors(bool outputsInnermost)
    {
        if (RowFactors is null || Array.TrueForAll(RowFactors, f => f > 0))
        {
            return this;
        }

        double[] signs = Array.ConvertAll(RowFactors, f => (double)Math.Sign(f));
        double[] sizes = Array.ConvertAll(RowFactors, f => f == 0 ? 1 : Math.Abs(f));
        return this with { Unscaled = ScaledRows(Unscaled, signs, outputsInnermost), RowFactors = sizes, ChangesWeights = true, BiasFollowsRows = false, TurnsSigns = true };
    }

    /// <summary>The same array where no patch changes weights one by one.</summary>
    private static float[] ChangedWeights(float[] weights, IReadOnlyCollection<BoundPatch> patches)
    {
        float[] changed = patches.OfType<WeightPatch>().LastOrDefault()?.Weights.ToArray() ?? weights;
        foreach (LoraPatch lora in patches.OfType<LoraPatch>())
        {
            changed = FloatMerge.Merged(changed, lora);
        }

        foreach (DifferencePatch difference in patches.OfType<DifferencePatch>())
        {
            changed = [.. changed.Zip(difference.Difference, (w, d) => w + d)];
        }

        foreach (ColumnScalePatch columns in patches.OfType<ColumnScalePatch>())
        {
            changed = [.. changed.Select((w, i) => w * columns.Factors[i % columns.Factors.Length])];
        }

        return changed;
    }

    private static double[]? RowFactorsOf(float[] weights, int outputs, bool outputsInnermost, IReadOnlyCollection<BoundPatch> patches)
    {
        double[]? factors = null;
        foreach (MagnitudePatch magnitude in patches.OfType<MagnitudePatch>())
        {
            double[] norms = RowNorms(weights, outputs, outputsInnermost);

            // An output without weights stays without; PEFT divides zero by zero there.
            factors = [.. norms.Select((n, o) => n == 0 && magnitude.Norms[o] == 0 ? 1 : magnitude.Norms[o] / n)];
        }

        foreach (RowScalePatch scale in patches.OfType<RowScalePatch>())
        {
            factors = [.. scale.Factors.Select((f, o) => f * (factors?[o] ?? 1))];
        }

        return factors;
    }

    private static float[]? ChangedBias(float[]? bias, int outputs, IReadOnlyCollection<BoundPatch> patches)
    {
        float[]? changed = patches.OfType<BiasPatch>().LastOrDefault()?.Bias.ToArray() ?? bias;
        foreach (BiasDifferencePatch difference in patches.OfType<BiasDifferencePatch>())
        {
            changed = [.. (changed ?? new float[outputs]).Zip(difference.Difference, (b, d) => b + d)];
        }

        foreach (RowScalePatch scale in patches.OfType<RowScalePatch>().Where(s => changed is not null || s.BiasOffsets.Any(o => o != 0)))
        {
            changed = [.. (changed ?? new float[outputs]).Select((b, o) => (float)(((double)scale.BiasFactors[o] * b) + scale.BiasOffsets[o]))];
        }

        return changed;
    }

    private static double[] RowNorms(float[] weights, int outputs, bool outputsInnermost)
    {
        var squares = new double[outputs];
        for (int i = 0; i < weights.Length; i++)
        {
            squares[WeightQuantizer.ChannelOf(i, weights.Length, outputs, outputsInnermost)] += (double)weights[i] * weights[i];
        }

        return Array.ConvertAll(squares, Math.Sqrt);
    }

    private static float[] ScaledRows(float[] weights, double[] factors, bool outputsInnermost)
    {
        var scaled = new float[weights.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = (float)(weights[i] * factors[WeightQuantizer.ChannelOf(i, weights.Length, factors.Length, outputsInnermost)]);
        }

        return scaled;
    }
}
