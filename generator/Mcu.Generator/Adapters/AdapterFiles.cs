using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Adapters;

/// <summary>The adapters of a command line, whatever form their files have.</summary>
public static class AdapterFiles
{
    /// <summary>
    /// In the order of the command line: adapters that name modules are bound to the graph, tuned models are compared with it, delta
    /// images name their layers themselves.
    /// </summary>
    public static IEnumerable<BoundAdapter> Bind(CompileOptions options, Graph canonical, DiagnosticBag notes)
    {
        string[] named = [.. options.AdapterPaths.Where(path => !DeltaFile.IsNamed(path) && !TunedModel.IsNamed(path))];
        PeftAdapter[] adapters = [.. named.Select(path => AdapterReader.Read(path, notes))];
        AdapterMap? map = options.AdapterMapPath is null ? null : AdapterMap.Read(options.AdapterMapPath);
        var bound = new Queue<BoundAdapter>(AdapterBinder.BindAll(adapters, canonical, map, notes));
        return [.. options.AdapterPaths.Select(path =>
            DeltaFile.IsNamed(path) ? DeltaAdapter.Load(path)
            : TunedModel.IsNamed(path) ? TunedModel.Read(path, canonical, notes)
            : bound.Dequeue())];
    }
}
