using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Selection;

/// <summary>Takes a bound adapter apart into changes of single int8 weights and biases.</summary>
public static class LayerChanges
{
    /// <summary>The changes of every layer that differs after rounding, in execution order.</summary>
    /// <param name="model">Int8 base.</param>
    /// <param name="floatGraph">Canonical float graph of the same base, or null when the base was int8.</param>
    public static IReadOnlyList<LayerChange> Of(Int8Model model, Graph? floatGraph, BoundAdapter tuned)
    {
        var changes = new List<LayerChange>();
        foreach (Node node in model.Graph.Nodes)
        {
            BoundPatch[] patches = [.. tuned.PatchesOf(node.Name)];
            if (patches.OfType<NormPatch>().FirstOrDefault() is { } norm)
            {
                throw new NodeView(model.Graph, node).Error(
                    "MCU0736",
                    $"the adapter tunes this layer normalisation (module '{norm.Module}'), of which no part can be selected",
                    "Select from an adapter without normalisations; pack those with 'mcu delta pack' and attach both.");
            }

            if (patches.Length > 0 && Of(LinearSource.Of(model, floatGraph, node), patches) is { } change)
            {
                changes.Add(change);
            }
        }

        return changes;
    }

    private static LayerChange? Of(LinearSource source, BoundPatch[] patches)
    {
        LayerEdit edit = LayerEdit.Of(source.Weights, source.Bias, source.Outputs, source.OutputsInnermost, patches);
        bool changesWeights = edit.ChangesWeights || edit.RowFactors is not null;
        (WeightChange[] changed, int roundedAway) = changesWeights ? Differences(source, edit.Weights(source.OutputsInnermost)) : ([], 0);
        EquatableArray<int>? bias = edit.KeepsBias ? null : BiasOf(source, edit.Bias!);
        return changed.Length == 0 && bias is null && roundedAway == 0 ? null : new LayerChange(source, EquatableArray.Wrap(changed), bias, roundedAway);
    }

    private static EquatableArray<int>? BiasOf(LinearSource source, float[] real)
    {
        EquatableArray<int> bias = source.WithBias(real).Bias;
        return bias.Equals(source.Layer.Bias) ? null : bias;
    }

    private static (WeightChange[] Changed, int RoundedAway) Differences(LinearSource source, float[] tuned)
    {
        sbyte[] quantised = WeightQuantizer.Weights(tuned, source.Layer.WeightScales.Span, source.OutputsInnermost);
        var changed = new List<WeightChange>();
        int roundedAway = 0;
        for (int position = 0; position < quantised.Length; position++)
        {
            int index = IndexOf(source, position);
            int difference = quantised[index] - source.Layer.Weights[index];
            float real = tuned[index] - source.Weights[index];
            if (difference != 0)
            {
                changed.Add(new WeightChange(position, (short)difference, real));
            }
            else if (real != 0)
            {
                roundedAway++;
            }
        }

        return ([.. changed], roundedAway);
    }

    /// <summary>Index into the node's weights of a position <c>output·depth + column</c>.</summary>
    private static int IndexOf(LinearSource source, int position) => source.OutputsInnermost
        ? ((position % source.Depth) * source.Outputs) + (position / source.Depth)
        : position;
}
