using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>
/// Outputs whose weights are all zero (channels that training switched off) are one constant, often at an extreme scale.
/// Their bias and scale are replaced by ones within the fast path's limits that requantise to the same constant.
/// </summary>
public static class ConstantOutputs
{
    /// <summary>With shift 1 to the right: an accumulator of four times a value requantises to the value.</summary>
    private const int Multiplier = 1 << 30;

    /// <summary>The layer, equal in every output for every input.</summary>
    /// <param name="depth">Weights per output.</param>
    /// <param name="outputsInnermost">Whether weights are <c>[depth, outputs]</c> (depthwise) and not <c>[outputs, depth]</c>.</param>
    public static LinearLayer Rescale(LinearLayer layer, int depth, bool outputsInnermost)
    {
        int[] bias = [.. layer.Bias];
        int[] multipliers = [.. layer.Multipliers];
        int[] shifts = [.. layer.Shifts];
        float[] scales = [.. layer.WeightScales];
        for (int o = 0; o < bias.Length; o++)
        {
            if (AccumulatorBound.OfInput(layer, depth, o, outputsInnermost) == 0)
            {
                bias[o] = 4 * (layer.Finish(layer.Bias[o], o) - layer.OutputZeroPoint);
                multipliers[o] = Multiplier;
                shifts[o] = -1;
                scales[o] = layer.OutputScale / (4 * layer.InputScale);
            }
        }

        return layer with
        {
            Bias = EquatableArray.Wrap(bias),
            Multipliers = EquatableArray.Wrap(multipliers),
            Shifts = EquatableArray.Wrap(shifts),
            WeightScales = EquatableArray.Wrap(scales),
        };
    }
}
