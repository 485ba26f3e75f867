using System.Collections.Immutable;
using Mcu.Generator.Adapters;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>What the user asks for low-rank adapters.</summary>
public enum AdapterModeChoice
{
    /// <summary>Per layer: merged where that costs no more flash than the side path, else the side path.</summary>
    Auto,

    /// <summary>Merged, in the smaller of the two stored forms.</summary>
    Merge,

    /// <summary>Kept apart.</summary>
    Side,
}

/// <summary>Turns a bound adapter into int8 layer variants.</summary>
public static class Int8AdapterBuilder
{
    /// <summary>The model with one more adapter.</summary>
    /// <param name="model">Int8 model.</param>
    /// <param name="floatGraph">Canonical float graph of the same base, or null when the base was int8.</param>
    public static Int8Model Add(Int8Model model, Graph? floatGraph, BoundAdapter adapter, AdapterModeChoice choice)
    {
        var variants = ImmutableDictionary.CreateBuilder<string, LayerVariant>(StringComparer.Ordinal);
        foreach (IGrouping<string, BoundPatch> patches in adapter.Patches.GroupBy(p => p.NodeName, StringComparer.Ordinal))
        {
            Node node = model.Graph.Nodes.First(n => n.Name == patches.Key);
            LayerVariant? variant = Variant(LinearSource.Of(model, floatGraph, node), [.. patches], choice);
            if (variant is not null)
            {
                variants[node.Name] = variant;
            }
        }

        return model with { Adapters = model.Adapters.Append(new Int8Adapter(adapter.Name, adapter.Sha256, variants.ToImmutable())).ToEquatableArray() };
    }

    /// <summary>Null where nothing changes: the base's layer serves.</summary>
    private static LayerVariant? Variant(LinearSource source, BoundPatch[] patches, AdapterModeChoice choice)
    {
        float[]? bias = patches.OfType<BiasPatch>().FirstOrDefault()?.Bias.ToArray();
        if (patches.OfType<WeightPatch>().FirstOrDefault() is { } replaced)
        {
            return new LayerVariant(AdapterMode.Replace, source.WithWeights(replaced.Weights.ToArray(), bias ?? source.Bias));
        }

        if (patches.OfType<LoraPatch>().FirstOrDefault() is { } lora)
        {
            return LowRank(source, lora, bias, choice);
        }

        return bias is null || source.WithBias(bias) == source.Layer ? null : new LayerVariant(AdapterMode.Bias, source.WithBias(bias));
    }

    private static LayerVariant LowRank(LinearSource source, LoraPatch lora, float[]? bias, AdapterModeChoice choice)
    {
        float[] a = lora.A.Values.ToArray();
        float[] b = [.. lora.B.Values.Select(v => (float)(v * lora.Scale))];
        float[] realBias = bias ?? source.Bias;
        LayerVariant? side = SideVariant(source, SidePathBuilder.Build(source, a, b, lora.Rank), bias);
        if (choice == AdapterModeChoice.Side)
        {
            return side ?? throw source.Node.Error("MCU0718", "the adapter changes the layer too much, or has too high a rank, for a side path", "Use --adapter-mode merge or auto.");
        }

        float[] merged = FloatMerge.Merged(source.Weights, lora);
        LinearLayer copy = source.WithWeights(merged, realBias);
        LinearLayer sparse = MergeBuilder.Sparse(source, merged, bias);
        int biasBytes = bias is null ? 0 : AdapterFlash.Bias(source.Layer);
        int sparseBytes = AdapterFlash.Sparse(sparse) + biasBytes;
        bool sparseIsSmaller = sparseBytes < AdapterFlash.Copy(copy);
        int mergedBytes = sparseIsSmaller ? sparseBytes : AdapterFlash.Copy(copy);
        if (choice == AdapterModeChoice.Auto && side is not null && mergedBytes > AdapterFlash.Side(side.Layer.Side!) + biasBytes)
        {
            return side;
        }

        return sparseIsSmaller
            ? new LayerVariant(AdapterMode.MergeSparse, sparse, MergeBuilder.Describe(copy, sparse, source.Depth))
            : new LayerVariant(AdapterMode.MergeCopy, copy);
    }

    private static LayerVariant? SideVariant(LinearSource source, SidePath? path, float[]? bias) => path is null
        ? null
        : new LayerVariant(AdapterMode.Side, (bias is null ? source.Layer : source.WithBias(bias)) with { Side = path });
}
