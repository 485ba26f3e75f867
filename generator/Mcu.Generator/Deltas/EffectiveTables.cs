using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>Tables of one layer after images were attached.</summary>
/// <param name="Weights"><c>[outputs, depth]</c>, base and differences.</param>
/// <param name="Bias">Start values of the accumulators for raw inputs.</param>
/// <param name="Shifts">To the right.</param>
internal sealed record EffectiveTables(short[] Weights, int[] Bias, int[] Multipliers, int[] Shifts, IReadOnlyList<SidePath> Terms)
{
    public static EffectiveTables Of(DeltaSlot slot, DeltaLayer delta) => DeltaLayers.Apply(slot, delta) switch
    {
        LayerNormalizationLayer norm => new EffectiveTables([.. norm.Gamma], [.. norm.Beta], [norm.By.Multiplier], [-norm.By.Shift], []),
        var linear => Of(slot, (LinearLayer)linear),
    };

    private static EffectiveTables Of(DeltaSlot slot, LinearLayer layer)
    {
        short[] weights = [.. DeltaLayers.OutputsFirst(layer.Weights, slot.Outputs, slot.Kind == LinearKind.Depthwise).Select(w => (short)w)];
        if (layer.Corrections is { } sparse)
        {
            foreach ((int position, int difference) in DeltaSparse.Positions(sparse, slot.Depth))
            {
                weights[position] = (short)Math.Clamp(weights[position] + difference, short.MinValue, short.MaxValue);
            }
        }

        int[] bias = [.. layer.Bias];
        for (int i = 0; i < weights.Length; i++)
        {
            bias[i / slot.Depth] -= layer.InputZeroPoint * weights[i];
        }

        return new EffectiveTables(weights, bias, [.. layer.Multipliers], [.. layer.Shifts.Select(s => -s)], [.. layer.Terms]);
    }
}
