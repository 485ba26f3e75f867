using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Report;

namespace Mcu.Emulation.Benchmarks;

/// <summary>What one adapter costs over the base on one target, in a firmware of its own.</summary>
/// <param name="Model">File name without its ending.</param>
/// <param name="Adapter">Empty for the base alone, to which the others are compared.</param>
/// <param name="Methods">As in the compile report.</param>
/// <param name="Form">How its layers run: modes with their number of layers.</param>
/// <param name="FlashBytes">Its constants.</param>
/// <param name="CodeBytes">Code over the base's firmware.</param>
/// <param name="ArenaBytes">Arena over the base's.</param>
/// <param name="StackBytes">Stack over the base's.</param>
/// <param name="ExtraMacs">Multiply-accumulates over the base.</param>
/// <param name="Instructions">Median over the samples of one inference; null where they are not counted.</param>
/// <param name="ExtraInstructions">The same over the base.</param>
public sealed record AdapterBenchRow(
    string Model,
    string Target,
    string Adapter,
    IReadOnlyList<string> Methods,
    string Form,
    int FlashBytes,
    int CodeBytes,
    int ArenaBytes,
    int StackBytes,
    long ExtraMacs,
    long? Instructions,
    long? ExtraInstructions);

/// <summary>Measures each adapter in a firmware of its own beside the base's, with generated inputs.</summary>
/// <param name="rank">Rank of sample adapters of every method; 0 for none of these.</param>
public sealed class AdapterBenchmark(ToolProbe tools, int samples, int rank)
{
    /// <summary>The base, then the adapters of the options, then the samples of the methods.</summary>
    public async Task<IReadOnlyList<AdapterBenchRow>> RunAsync(CompileOptions options, bool everyMode, DiagnosticBag notes, CancellationToken cancellation)
    {
        LoadedModel loaded = Pipeline.Load(options, notes);
        Int8Model bare = Pipeline.Quantize(loaded with { Adapters = [] }, options, notes, null, cancellation);
        Graph? real = loaded.Canonical.IsInt8 ? null : loaded.Canonical;
        BoundAdapter[] adapters = [.. loaded.Adapters, .. rank > 0 ? MethodSamples.Of(bare, real, rank) : []];
        (RunMeasurements run, CompileReport report) = await MeasureAsync(loaded, bare, options, notes, cancellation);
        var rows = new List<AdapterBenchRow> { Row(options, report, null, run, run) };
        foreach (BoundAdapter adapter in adapters)
        {
            foreach (Int8Model model in Forms(bare, real, adapter, everyMode ? [AdapterModeChoice.Side, AdapterModeChoice.Merge] : [options.AdapterMode]))
            {
                (RunMeasurements own, CompileReport with) = await MeasureAsync(loaded, model, options, notes, cancellation);
                rows.Add(Row(options, with, with.Adapters[0], own, run));
            }
        }

        return rows;
    }

    /// <summary>The base with the adapter in each mode; modes that give the same, or that the adapter has no form for, once or not at all.</summary>
    private static List<Int8Model> Forms(Int8Model bare, Graph? real, BoundAdapter adapter, AdapterModeChoice[] modes)
    {
        var forms = new List<Int8Model>();
        foreach (AdapterModeChoice mode in modes)
        {
            try
            {
                Int8Model model = adapter.Delta is { } delta ? DeltaAdapter.Add(bare, delta, adapter) : Int8AdapterBuilder.Add(bare, real, adapter, mode);
                if (!forms.Exists(f => SameLayers(f.Adapters[0], model.Adapters[0])))
                {
                    forms.Add(model);
                }
            }
            catch (DiagnosticException) when (modes.Length > 1 && mode == AdapterModeChoice.Side)
            {
                // Some layer has no side path; merging always works.
            }
        }

        return forms;
    }

    private static bool SameLayers(Int8Adapter a, Int8Adapter b) =>
        a.Variants.Count == b.Variants.Count && a.Variants.All(v => b.Variants.TryGetValue(v.Key, out LayerVariant? other) && other.Layer == v.Value.Layer);

    private async Task<(RunMeasurements Run, CompileReport Report)> MeasureAsync(
        LoadedModel loaded, Int8Model model, CompileOptions options, DiagnosticBag notes, CancellationToken cancellation)
    {
        CompileResult result = Pipeline.Emit(loaded, model, options, notes, cancellation);
        using ModelSession session = ModelSession.OpenResult(result, new ExecutionPlace(ExecutionForm.Firmware, options.Target), tools);
        RunMeasurements run = await session.Runner.RunAsync(GeneratedInput.Int8(samples, session.Runner.Input), model.Adapters.Length, cancellation);
        return (run, result.Report);
    }

    private static AdapterBenchRow Row(CompileOptions options, CompileReport report, AdapterReport? adapter, RunMeasurements run, RunMeasurements alone) => new(
        Path.GetFileNameWithoutExtension(options.BasePath),
        options.Target.Name,
        adapter?.Name ?? "",
        [.. adapter?.Methods ?? []],
        adapter is null ? "" : string.Join(", ", adapter.Layers.GroupBy(l => l.Mode).Select(g => FormattableString.Invariant($"{g.Count()} {ReportJson.Name(g.Key)}"))),
        adapter?.FlashBytes ?? 0,
        (run.CodeBytes - alone.CodeBytes) ?? 0,
        adapter?.RamBytes ?? 0,
        (run.StackBytes - alone.StackBytes) ?? 0,
        adapter?.ExtraMacs ?? 0,
        run.MedianInstructions,
        run.MedianInstructions - alone.MedianInstructions);
}
