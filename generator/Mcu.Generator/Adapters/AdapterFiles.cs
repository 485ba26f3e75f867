using Mcu.Generator.Adapters.Structural;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Structural;
using Mcu.Generator.Passes;

namespace Mcu.Generator.Adapters;

/// <summary>The adapters of a command line, whatever form their files have.</summary>
public static class AdapterFiles
{
    /// <summary>
    /// In the order of the command line: adapters that name modules are bound to the graph, tuned models are compared with it, delta
    /// images name their layers themselves, adapters that change the structure get a graph of their own.
    /// </summary>
    /// <param name="asRead">The base as its file has it.</param>
    /// <param name="form">The base's canonical form.</param>
    public static IEnumerable<BoundAdapter> Bind(CompileOptions options, Graph asRead, CanonicalForm form, DiagnosticBag notes)
    {
        Graph canonical = form.Graph;
        string[] named = [.. options.AdapterPaths.Where(path => !DeltaFile.IsNamed(path) && !TunedModel.IsNamed(path))];
        AdapterMap? map = options.AdapterMapPath is null ? null : AdapterMap.Read(options.AdapterMapPath);
        PeftAdapter[] read = [.. named.Select(path => AdapterReader.Read(path, notes))];
        PeftAdapter[] adapters = [.. read.Select(adapter => PromptPlaces.Resolve(adapter, form.Layers ?? form.Graph, map))];
        map = map?.Without(read.SelectMany(a => a.Structure).Where(PromptPlaces.IsOpen).Select(part => part.Place));
        Graph?[] structures = [.. adapters.Select(a => a.Structure.Length == 0 ? null : StructuralAdapter.Rewrite(a, asRead, form, options.Dump))];
        IReadOnlyList<BoundAdapter> all = AdapterBinder.BindAll(adapters, canonical, map, notes, i => structures[i] ?? canonical);
        var bound = new Queue<BoundAdapter>(all.Select((adapter, i) => structures[i] is { } graph ? WithStructure(adapter, graph, adapters[i].Structure) : adapter));
        return [.. options.AdapterPaths.Select(path =>
            DeltaFile.IsNamed(path) ? DeltaAdapter.Load(path)
            : TunedModel.IsNamed(path) ? TunedModel.Read(path, canonical, notes)
            : bound.Dequeue())];
    }

    /// <summary>What else the file changes goes into the constants of the adapter's own graph.</summary>
    private static BoundAdapter WithStructure(BoundAdapter adapter, Graph structure, IEnumerable<StructuralPart> parts) => adapter with
    {
        Structure = FloatMerge.Apply(structure, adapter),
        StructuralMethods = AdapterMethods.Of(adapter).Concat(parts.Select(p => p.Method)).Distinct().Order(StringComparer.Ordinal).ToEquatableArray(),
        Patches = [],
    };
}
