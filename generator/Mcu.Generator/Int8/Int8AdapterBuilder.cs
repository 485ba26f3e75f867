using System.Collections.Immutable;
using Mcu.Generator.Adapters;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

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
            LayerVariant? variant = patches.OfType<NormPatch>().LastOrDefault() is { } norm
                ? NormVariant.Of(model, floatGraph, node, norm, adapter.Name)
                : new LayerVariants(LinearSource.Of(model, floatGraph, node), [.. patches], adapter.Name).Choose(choice);
            if (variant is not null)
            {
                variants[node.Name] = variant;
            }
        }

        return model with { Adapters = model.Adapters.Append(new Int8Adapter(adapter.Name, adapter.Sha256, variants.ToImmutable()) { Methods = AdapterMethods.Of(adapter) }).ToEquatableArray() };
    }
}
