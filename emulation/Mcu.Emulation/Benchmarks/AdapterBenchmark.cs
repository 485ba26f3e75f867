using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
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
        QuantizedBase bare = Pipeline.QuantizeBase(loaded, options, notes, null, cancellation);
        BoundAdapter[] adapters = [.. loaded.Adapters, .. rank > 0 ? MethodSamples.Of(bare.Model, bare.Float, rank) : []];
        (RunMeasurements run, CompileReport report) = await MeasureAsync(loaded, bare.Model, options, notes, cancellation);
        var rows = new List<AdapterBenchRow> { Row(options, report, null, run, run) };
        foreach (BoundAdapter adapter in adapters)
        {
            foreach (Int8Model model in Forms(bare, adapter, everyMode ? [AdapterModeChoice.Side, AdapterModeChoice.Merge] : [options.AdapterMode], notes, cancellation))
            {
                (RunMeasurements own, CompileReport with) = await MeasureAsync(loaded, model, options, notes, cancellation);
                rows.Add(Row(options, with, with.Adapters[0], own, run));
            }
        }

        return rows;
    }

    /// <summary>Base and adapters of the options for a compile report, which says itself what there is to note of them.</summary>
    /// <param name="stage">Told the adapter that is measured.</param>
    public async Task<ReportMeasurement> ReportAsync(CompileOptions options, Action<string> stage, CancellationToken cancellation)
    {
        var notes = new DiagnosticBag();
        LoadedModel loaded = Pipeline.Load(options, notes);
        QuantizedBase bare = Pipeline.QuantizeBase(loaded, options, notes, null, cancellation);
        RunMeasurements alone = (await MeasureAsync(loaded, bare.Model, options, notes, cancellation)).Run;
        var adapters = new List<AdapterMeasurement>();
        foreach (BoundAdapter adapter in loaded.Adapters)
        {
            stage(adapter.Name);
            Int8Model model = bare.Add(bare.Model, adapter, options.AdapterMode, notes, cancellation);
            RunMeasurements own = (await MeasureAsync(loaded, model, options, notes, cancellation)).Run;
            adapters.Add(new AdapterMeasurement(
                adapters.Count + 1, own.MedianInstructions - alone.MedianInstructions, (own.StackBytes - alone.StackBytes) ?? 0, (own.CodeBytes - alone.CodeBytes) ?? 0));
        }

        return new ReportMeasurement(new ExecutionPlace(ExecutionForm.Firmware, options.Target).ToString(), alone.MedianInstructions, alone.StackBytes, alone.CodeBytes, adapters.ToEquatableArray());
    }

    /// <summary>The base with the adapter in each mode; modes that give the same, or that the adapter has no form for, once or not at all.</summary>
    private static List<Int8Model> Forms(QuantizedBase bare, BoundAdapter adapter, AdapterModeChoice[] modes, DiagnosticBag notes, CancellationToken cancellation)
    {
        var forms = new List<Int8Model>();
        foreach (AdapterModeChoice mode in modes)
        {
            try
            {
                Int8Model model = bare.Add(bare.Model, adapter, mode, notes, cancellation);
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
        adapter is null ? "" : adapter.Program is not null ? "network of its own" : string.Join(", ", adapter.Layers.GroupBy(l => l.Mode).Select(g => FormattableString.Invariant($"{g.Count()} {ReportJson.Name(g.Key)}"))),
        adapter?.FlashBytes ?? 0,
        (run.CodeBytes - alone.CodeBytes) ?? 0,
        adapter?.RamBytes ?? 0,
        (run.StackBytes - alone.StackBytes) ?? 0,
        adapter?.ExtraMacs ?? 0,
        run.MedianInstructions,
        run.MedianInstructions - alone.MedianInstructions);
}
