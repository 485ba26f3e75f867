using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>
/// Finds the node of every module of an adapter: by the user's map, by name, then by shape and order where that is
/// unambiguous. Nothing is bound without its shapes being checked, and no module is left out.
/// </summary>
public sealed class AdapterBinder
{
    private readonly PeftAdapter adapter;
    private readonly Graph graph;
    private readonly AdapterMap? map;
    private readonly DiagnosticBag notes;
    private readonly IReadOnlyList<BindingLayer> layers;
    private readonly Dictionary<string, IReadOnlyList<BindingLayer>> bound = new(StringComparer.Ordinal);

    private AdapterBinder(PeftAdapter adapter, Graph graph, AdapterMap? map, DiagnosticBag notes)
    {
        this.adapter = adapter;
        this.graph = graph;
        this.map = map;
        this.notes = notes;
        layers = BindingLayer.Of(graph);
    }

    /// <summary>Binds one adapter to a canonical graph (NHWC; float or int8). Throws MCU05xx.</summary>
    public static BoundAdapter Bind(PeftAdapter adapter, Graph graph, AdapterMap? map, DiagnosticBag notes) =>
        BindAll([adapter], graph, map, notes)[0];

    /// <summary>
    /// Binds several adapters with one map; each of its lines must name a module of at least one adapter and a layer of
    /// the graph.
    /// </summary>
    /// <param name="graph">The base.</param>
    /// <param name="graphOf">The graph that the adapter of an index is bound to, where that may be another than the base's.</param>
    public static IReadOnlyList<BoundAdapter> BindAll(
        IReadOnlyList<PeftAdapter> adapters, Graph graph, AdapterMap? map, DiagnosticBag notes, Func<int, Graph>? graphOf = null)
    {
        if (map is not null)
        {
            CheckMap(map, adapters, BindingLayer.Of(graph));
        }

        return [.. adapters.Select((a, i) => new AdapterBinder(a, graphOf?.Invoke(i) ?? graph, map, notes).Run())];
    }

    private static void CheckMap(AdapterMap map, IReadOnlyList<PeftAdapter> adapters, IReadOnlyList<BindingLayer> layers)
    {
        string[] modules = [.. adapters.SelectMany(a => a.Modules).Select(m => m.Module).Distinct(StringComparer.Ordinal)];
        foreach ((string module, string layer) in map.Entries)
        {
            if (!modules.Contains(module))
            {
                string[] closest = [.. modules.OrderBy(m => BindingCandidates.Distance(module, m))];
                throw new DiagnosticException("MCU0507", $"No adapter has the module '{Names.Short(module)}'. Modules: {Names.List(closest)}.", map.FileName);
            }

            if (BindingNames.Named(layer, layers).Count == 0)
            {
                throw new DiagnosticException("MCU0508", $"The base has no layer with a node or initializer '{Names.Short(layer)}' (for module '{Names.Short(module)}'). Layers: {BindingCandidates.List(layer, layers)}.", map.FileName);
            }
        }
    }

    private BoundAdapter Run()
    {
        List<PeftModule> rest = [];
        foreach (PeftModule module in adapter.Modules)
        {
            if (!BindByMap(module) && !BindByName(module))
            {
                rest.Add(module);
            }
        }

        BindByOrder(rest);
        CheckDistinct();
        Dictionary<string, int> order = graph.Nodes.Select((n, i) => (n.Name, i)).ToDictionary(StringComparer.Ordinal);

        // A normalisation runs after the layer that took it up, so its changes come last.
        EquatableArray<BoundPatch> patches = adapter.Modules
            .SelectMany(m => bound[m.Module].Select(l => (Module: m, Layer: l)))
            .OrderBy(b => order[b.Layer.Node.Name])
            .ThenBy(b => b.Layer.IsNormalization)
            .SelectMany(b => new BindingPatches(b.Module, b.Layer, adapter.Name).Make())
            .ToEquatableArray();
        return new BoundAdapter(adapter.Name, adapter.Sha256, patches);
    }

    private bool BindByMap(PeftModule module)
    {
        if (map?.Find(module.Module) is not { } name)
        {
            return false;
        }

        BindingLayer[] named = [.. BindingNames.Named(name, layers)];
        BindingLayer[] found = [.. named.Where(l => MayBe(module, l))];
        bound[module.Module] = OneSetOfWeights(module, found.Length > 0 ? found : named);
        return true;
    }

    /// <summary>What only a normalisation has belongs to one, and what no normalisation has to another layer.</summary>
    private static bool MayBe(PeftModule module, BindingLayer layer) => module.IsNormalization ? layer.IsNormalization : module.IsBiasOnly || !layer.IsNormalization;

    private bool BindByName(PeftModule module)
    {
        IReadOnlyList<BindingLayer> found = module.IsNormalization || module.IsBiasOnly ? BindingNames.Find(module.Module, Normalizations) : [];
        if (found.Count == 0 && !module.IsNormalization)
        {
            if (layers.FirstOrDefault(l => l.ForeignBiases.Contains(module.Module + ".bias")) is { } folded)
            {
                throw BindingPatches.ForeignBias(adapter.Name, module, folded);
            }

            found = BindingNames.Find(module.Module, [.. layers.Where(l => !l.IsNormalization)]);
        }

        if (found.Count > 0)
        {
            bound[module.Module] = OneSetOfWeights(module, found);
        }

        return found.Count > 0;
    }

    private BindingLayer[] Normalizations => [.. layers.Where(l => l.IsNormalization)];

    /// <summary>Several nodes are one layer where they read the same weights (a module that is called several times).</summary>
    private IReadOnlyList<BindingLayer> OneSetOfWeights(PeftModule module, IReadOnlyList<BindingLayer> found) =>
        found.Select(l => l.Weights.Name).Distinct(StringComparer.Ordinal).Count() == 1
            ? found
            : throw Error(module, "MCU0502", $"Several layers of the base match by name: {BindingCandidates.List(module.Module, found)}.");

    private void BindByOrder(List<PeftModule> rest)
    {
        BindingLayer[] free = [.. layers.Where(l => !bound.Values.Any(b => b.Contains(l)))];
        Dictionary<string, BindingLayer> pairs = BindingOrder.Pair(rest, free);
        foreach (PeftModule module in rest)
        {
            if (module.IsNormalization)
            {
                throw Error(module, "MCU0513", $"The base has no normalisation of this name. Normalisations: {BindingCandidates.List(module.Module, Normalizations)}.", "Exporters often fold batch normalisation into the layers: export the base with its normalisations (evaluation mode, without constant folding), or give the fine-tuned model itself as --adapter.");
            }

            if (!pairs.TryGetValue(module.Module, out BindingLayer? layer))
            {
                throw Error(module, "MCU0501", $"No layer of the base is named like this module ({BindingShape.Of(module).Describe()}), and its shape does not tell which one it is. Layers: {BindingCandidates.List(module.Module, free.Length > 0 ? free : layers)}.");
            }

            bound[module.Module] = [layer];
            notes.Warn(
                "MCU0510",
                $"The module '{Names.Short(module.Module)}' was bound by its shape ({BindingShape.Of(module).Describe()}) to node '{Names.Short(layer.Node.Name)}', weights '{Names.Short(layer.Weights.Name)}'.",
                adapter.Name,
                "Confirm it with --adapter-map.");
        }
    }

    private void CheckDistinct()
    {
        Dictionary<string, string> owners = new(StringComparer.Ordinal);
        foreach (PeftModule module in adapter.Modules)
        {
            foreach (BindingLayer layer in bound[module.Module])
            {
                if (!owners.TryAdd(KeyOf(layer), module.Module))
                {
                    throw Error(module, "MCU0505", $"The modules '{Names.Short(owners[KeyOf(layer)])}' and '{Names.Short(module.Module)}' both belong to node '{Names.Short(layer.Node.Name)}' ({layer.Describe()}).");
                }
            }
        }
    }

    /// <summary>A node's own layer and a normalisation in it are two.</summary>
    private static string KeyOf(BindingLayer layer) => layer.Normalization is null ? layer.Node.Name : layer.Node.Name + "\0";

    private DiagnosticException Error(PeftModule module, string code, string message, string? hint = null) =>
        new(code, message, $"{adapter.Name}: module '{Names.Short(module.Module)}'", hint ?? "Give --adapter-map FILE with {\"module\": \"node or initializer\"}; or it is an adapter of another base.");
}
