using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Selection;

/// <summary>Squared expected effect of a change.</summary>
internal sealed class ChangeScore(Importance importance, ActivationStatistics? statistics)
{
    /// <summary>Where there is no data, an input is taken to lie this many steps from its zero point.</summary>
    private const double TypicalInput = 64;

    private readonly ActivationStatistics? statistics = importance != Importance.Activation ? null : statistics ?? throw new ArgumentNullException(nameof(statistics));

    public double OfWeight(LayerChange change, WeightChange weight)
    {
        if (importance == Importance.Magnitude)
        {
            return (double)weight.Real * weight.Real;
        }

        int output = weight.Position / change.Source.Depth;
        double input = statistics?.InputOf(change, weight.Position) ?? TypicalInput;
        double effect = weight.Difference * input * StepsPerAccumulator(change, output) * Relevance(change, output);
        return effect * effect;
    }

    public double OfBias(LayerChange change)
    {
        LinearLayer layer = change.Source.Layer;
        double sum = 0;
        for (int o = 0; o < layer.OutputChannels; o++)
        {
            double difference = (double)change.Bias!.Value[o] - layer.Bias[o];
            double effect = importance == Importance.Magnitude
                ? difference * layer.InputScale * layer.WeightScales[o]
                : difference * StepsPerAccumulator(change, o) * Relevance(change, o);
            sum += effect * effect;
        }

        return sum;
    }

    private double Relevance(LayerChange change, int output) => statistics?.RelevanceOf(change, output) ?? 1;

    /// <summary>Output steps that one step of the accumulator makes.</summary>
    private static double StepsPerAccumulator(LayerChange change, int output)
    {
        LinearLayer layer = change.Source.Layer;
        return (double)layer.InputScale * layer.WeightScales[output] / layer.OutputScale;
    }
}
