using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>
/// Other parameters of a normalisation. Of a batch normalisation that was folded into a layer they change what each output is
/// multiplied by and its bias: with <c>f = scale/√(variance + epsilon)</c>, rows by <c>f'/f</c>.
/// </summary>
internal sealed class BindingNormalization(PeftModule module, BindingLayer layer, BindingErrors errors)
{
    /// <summary>Throws MCU0503, MCU0509 or MCU0511.</summary>
    public BoundPatch Make()
    {
        CheckLengths();
        return layer.Normalization is { } normalization ? Batch(normalization) : Layer();
    }

    private NormPatch Layer()
    {
        if (module.RunningMean is not null || module.RunningVariance is not null)
        {
            throw errors.Mismatch("a batch normalisation");
        }

        return new NormPatch(
            layer.Node.Name,
            module.Module,
            Changed(module.SavedWeight, module.Difference, () => ((FloatData)layer.Weights.Data!).Values),
            Changed(module.NewBias, module.BiasDifference, () => layer.Bias?.Data is FloatData { Values: var bias } ? bias : EquatableArray.Wrap(new float[layer.Outputs])));
    }

    private RowScalePatch Batch(FoldedNormalization before)
    {
        FoldedNormalization after = before with
        {
            Scale = Changed(module.SavedWeight, module.Difference, () => before.Scale) ?? before.Scale,
            Bias = Changed(module.NewBias, module.BiasDifference, () => before.Bias) ?? before.Bias,
            Mean = module.RunningMean?.Values ?? before.Mean,
            Variance = module.RunningVariance?.Values ?? before.Variance,
        };
        double[] old = before.Factors();
        double[] factors = after.Factors();
        double[] ratios = [.. factors.Select((f, o) => old[o] == 0 && f == 0 ? 1 : f / old[o])];
        if (Array.Exists(old, f => f == 0) && Array.Exists(ratios, r => !double.IsFinite(r)))
        {
            throw errors.Error(
                "MCU0509",
                "The base's normalisation multiplies a channel by zero, so that the channel's weights are gone; the adapter switches it on again.",
                "Give the fine-tuned model itself as --adapter, or export the base before the channel was switched off.");
        }

        double[] offsets = [.. after.Offsets().Zip(before.Offsets(), ratios).Select(t => t.First - (t.Third * t.Second))];
        var patch = new RowScalePatch(layer.Node.Name, module.Module, Floats(ratios), Floats(ratios), Floats(offsets)) { IsNormalization = true };
        errors.RequireFinite(patch.Factors.Concat(patch.BiasOffsets), "The normalisation's factor or offset");
        return patch;
    }

    private static EquatableArray<float>? Changed(AdapterTensor? replaced, AdapterTensor? difference, Func<EquatableArray<float>> present) =>
        difference is null ? replaced?.Values : (replaced?.Values ?? present()).Zip(difference.Values, (a, b) => a + b).ToEquatableArray();

    private void CheckLengths()
    {
        foreach (AdapterTensor tensor in module.Tensors)
        {
            if (tensor.Shape.Rank != 1 || tensor.Shape[0] != layer.Outputs)
            {
                throw errors.Mismatch($"a tensor {tensor.Shape}");
            }
        }
    }

    private static EquatableArray<float> Floats(double[] values) => values.Select(v => (float)v).ToEquatableArray();
}
