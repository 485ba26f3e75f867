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
    private readonly AdapterMap? map;
    private readonly DiagnosticBag notes;
    private readonly IReadOnlyList<BindingLayer> layers;
    private readonly Dictionary<string, IReadOnlyList<BindingLayer>> bound = new(StringComparer.Ordinal);

    private AdapterBinder(PeftAdapter adapter, Graph graph, AdapterMap? map, DiagnosticBag notes)
    {
        this.adapter = adapter;
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
    public static IReadOnlyList<BoundAdapter> BindAll(IReadOnlyList<PeftAdapter> adapters, Graph graph, AdapterMap? map, DiagnosticBag notes)
    {
        if (map is not null)
        {
            CheckMap(map, adapters, BindingLayer.Of(graph));
        }

        return [.. adapters.Select(a => new AdapterBinder(a, graph, map, notes).Run())];
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
        List<BoundPatch> patches = [.. adapter.Modules.SelectMany(m => bound[m.Module].SelectMany(l => new BindingPatches(m, l, adapter.Name).Make()))];
        Dictionary<string, int> order = layers.Select((l, i) => (l.Node.Name, i)).ToDictionary(StringComparer.Ordinal);
        return new BoundAdapter(adapter.Name, adapter.Sha256, patches.OrderBy(p => order[p.NodeName]).ToEquatableArray());
    }

    private bool BindByMap(PeftModule module)
    {
        if (map?.Find(module.Module) is not { } name)
        {
            return false;
        }

        bound[module.Module] = OneSetOfWeights(module, BindingNames.Named(name, layers));
        return true;
    }

    private bool BindByName(PeftModule module)
    {
        if (layers.FirstOrDefault(l => l.ForeignBiases.Contains(module.Module + ".bias")) is { } folded)
        {
            throw BindingPatches.ForeignBias(adapter.Name, module, folded);
        }

        IReadOnlyList<BindingLayer> found = BindingNames.Find(module.Module, layers);
        if (found.Count > 0)
        {
            bound[module.Module] = OneSetOfWeights(module, found);
        }

        return found.Count > 0;
    }

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
                if (!owners.TryAdd(layer.Node.Name, module.Module))
                {
                    throw Error(module, "MCU0505", $"The modules '{Names.Short(owners[layer.Node.Name])}' and '{Names.Short(module.Module)}' both belong to node '{Names.Short(layer.Node.Name)}' ({layer.Describe()}).");
                }
            }
        }
    }

    private DiagnosticException Error(PeftModule module, string code, string message) =>
        new(code, message, $"{adapter.Name}: module '{Names.Short(module.Module)}'", "Give --adapter-map FILE with {\"module\": \"node or initializer\"}; or it is an adapter of another base.");
}
