namespace Mcu.Generator.Adapters;

/// <summary>
/// Finds the layer of a module by name, the strictest way first: initializer <c>m.weight</c>, initializer or node
/// <c>m</c>, bias <c>m.bias</c>, then a path that begins with the module (<c>m/Conv2D</c>, <c>/m/Conv</c>), then one that
/// holds it as whole path elements.
/// </summary>
internal static class BindingNames
{
    private static readonly Func<BindingLayer, string, bool>[] Ways =
    [
        (layer, module) => layer.WeightNames.Contains(module + ".weight"),
        (layer, module) => layer.Name == module || layer.WeightNames.Contains(module),
        (layer, module) => layer.BiasNames.Contains(module + ".bias"),
        (layer, module) => Paths(layer).Any(p => p.StartsWith($".{module}.", StringComparison.Ordinal)),
        (layer, module) => Paths(layer).Any(p => p.Contains($".{module}.", StringComparison.Ordinal)),
    ];

    /// <summary>The layers found in the first way that finds any; several where that way does not tell them apart.</summary>
    public static IReadOnlyList<BindingLayer> Find(string module, IReadOnlyList<BindingLayer> layers)
    {
        foreach (Func<BindingLayer, string, bool> way in Ways)
        {
            List<BindingLayer> found = [.. layers.Where(l => way(l, module))];
            if (found.Count > 0)
            {
                return found;
            }
        }

        return [];
    }

    /// <summary>Layers whose node or initializer has exactly this name, as an adapter map names them.</summary>
    public static IReadOnlyList<BindingLayer> Named(string name, IReadOnlyList<BindingLayer> layers)
    {
        BindingLayer[] nodes = [.. layers.Where(l => l.Name == name)];
        return nodes.Length > 0 ? nodes : [.. layers.Where(l => l.WeightNames.Concat(l.BiasNames).Contains(name))];
    }

    /// <summary>Dotted, with a dot at both ends; a fused TensorFlow Lite name holds several, separated by semicolons.</summary>
    private static IEnumerable<string> Paths(BindingLayer layer) => layer.WeightNames
        .Append(layer.Name)
        .SelectMany(n => n.Split(';', StringSplitOptions.RemoveEmptyEntries))
        .Select(n => $".{n.Trim('/').Replace('/', '.')}.");
}
