using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>Largest magnitude that a layer's accumulator, or any prefix of its sum, can reach over all int8 inputs.</summary>
public static class AccumulatorBound
{
    /// <param name="depth">Weights per output.</param>
    /// <param name="outputsInnermost">Whether weights are <c>[depth, outputs]</c> (depthwise) and not <c>[outputs, depth]</c>.</param>
    public static long Of(LinearLayer layer, int depth, bool outputsInnermost = false)
    {
        long largest = 0;
        for (int o = 0; o < layer.OutputChannels; o++)
        {
            largest = Math.Max(largest, Math.Abs((long)layer.Bias[o]) + OfInput(layer, depth, o, outputsInnermost));
        }

        return largest;
    }

    /// <summary>What the input adds to the bias of one output, in magnitude; parameters as for <see cref="Of"/>.</summary>
    public static long OfInput(LinearLayer layer, int depth, int output, bool outputsInnermost)
    {
        // Raw inputs reach 128 in magnitude; the zero point, at most 128, is folded into the bias.
        return (WeightsOf(layer, depth, output, outputsInnermost) * 256) + Adapter(layer, output);
    }

    /// <summary><c>sum |w|</c> of one output; parameters as for <see cref="Of"/>.</summary>
    public static long WeightsOf(LinearLayer layer, int depth, int output, bool outputsInnermost)
    {
        long weights = 0;
        for (int k = 0; k < depth; k++)
        {
            weights += Math.Abs((int)layer.Weights[outputsInnermost ? (k * layer.OutputChannels) + output : (output * depth) + k]);
        }

        return weights;
    }

    private static long Adapter(LinearLayer layer, int output)
    {
        long bound = 0;
        foreach (SidePath side in layer.Terms)
        {
            for (int r = 0; r < side.Rank; r++)
            {
                bound += Math.Abs((int)side.B[(output * side.Rank) + r]) * 32768L;
            }
        }

        if (layer.Corrections is { } corrections)
        {
            for (int i = corrections.RowStarts[output]; i < corrections.RowStarts[output + 1]; i++)
            {
                bound += Math.Abs((int)corrections.Differences[i]) * 256L;
            }
        }

        return bound;
    }
}
