using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>Between a layer normalisation and the sections of an image, both ways.</summary>
internal static class DeltaNorms
{
    public static DeltaLayer? Of(LayerNormalizationLayer compiled, LayerNormalizationLayer variant)
    {
        var delta = new DeltaLayer
        {
            Bias = variant.Beta == compiled.Beta ? null : variant.Beta,
            Gamma = variant.Gamma == compiled.Gamma ? null : variant.Gamma,
            Requant = variant.By == compiled.By ? null : new DeltaRequant([variant.By.Multiplier], [-variant.By.Shift]),
        };
        return delta.Sections == DeltaSections.None ? null : delta;
    }

    public static LayerNormalizationLayer Apply(LayerNormalizationLayer compiled, DeltaLayer delta) => compiled with
    {
        Gamma = delta.Gamma ?? compiled.Gamma,
        Beta = delta.Bias ?? compiled.Beta,
        By = delta.Requant is { } by ? new Requantization(by.Multipliers[0], -by.Shifts[0]) : compiled.By,
    };
}
