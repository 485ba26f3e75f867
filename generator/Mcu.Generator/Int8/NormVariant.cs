using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>
/// A layer normalisation under an adapter: other tables of gamma and beta. They keep the base's scale where they fit it, so that a
/// table which does not change is shared and the multiplier stays; else the multiplier changes with the scale. Either way they stay on the
/// kernels' fast path.
/// </summary>
internal static class NormVariant
{
    /// <summary>A gamma smaller than this part of what the base's scale can hold takes a finer scale of its own.</summary>
    private const double CoarsestUse = 1.0 / 16;

    /// <summary>Null where nothing changes in int8. Throws MCU0511 and MCU0735.</summary>
    /// <param name="floatGraph">Canonical float graph of the same base, or null when the base was int8.</param>
    public static LayerVariant? Of(Int8Model model, Graph? floatGraph, Node node, NormPatch patch, string adapter)
    {
        var layer = (LayerNormalizationLayer)model.Layers[node.Name];
        float baseScale = model.Graph[node.Inputs[1]].Quantization!.Scale;
        float[] gamma = patch.Gamma?.ToArray() ?? floatGraph?[node.Inputs[1]].Floats() ?? [.. layer.Gamma.Select(g => g * baseScale)];
        float[] beta = patch.Beta?.ToArray() ?? floatGraph?.InputOf(node, 2)?.Floats() ?? [.. layer.Beta.Select(b => (float)Math.ScaleB(b * (double)baseScale, -layer.FractionBits))];
        CheckFinite(gamma, beta, patch, adapter);
        float scale = Keeps(baseScale, gamma, beta) ? baseScale : NormalizationQuantizer.Scale(gamma, beta);
        LayerNormalizationLayer changed = layer with
        {
            Gamma = EquatableArray.Wrap(NormalizationQuantizer.Gamma(gamma, scale)),
            Beta = EquatableArray.Wrap(NormalizationQuantizer.Beta(beta, MathF.ScaleB(scale, -layer.FractionBits))),
            By = scale == baseScale ? layer.By : Requantization(model, node, scale, layer, adapter),
        };
        return changed == layer ? null : new LayerVariant(AdapterMode.Norm, changed);
    }

    /// <summary>Whether both tables fit the base's scale and lose no more than four of gamma's bits to it.</summary>
    private static bool Keeps(float scale, float[] gamma, float[] beta) =>
        NormalizationQuantizer.SmallestFor(gamma, beta) <= scale && NormalizationQuantizer.Scale(gamma, beta) >= scale * CoarsestUse;

    private static Requantization Requantization(Int8Model model, Node node, float scale, LayerNormalizationLayer layer, string adapter)
    {
        Requantization by = FixedPoint.QuantizeMultiplier(Math.ScaleB(scale, -layer.FractionBits) / model.Graph[node.Output].Quantization!.Scale);
        return by.Shift <= 0
            ? by
            : throw new NodeView(model.Graph, node).Error(
                "MCU0735", $"under adapter '{adapter}' gamma or beta is too large for the scale of the layer's output", "The adapter's values are far too large for the base; check that it belongs to it.");
    }

    private static void CheckFinite(float[] gamma, float[] beta, NormPatch patch, string adapter)
    {
        if (!gamma.All(float.IsFinite) || !beta.All(float.IsFinite))
        {
            throw new DiagnosticException("MCU0511", $"Gamma or beta of node '{patch.NodeName}' becomes infinite.", $"{adapter}: module '{patch.Module}'", "The adapter's values are far too large.");
        }
    }
}
