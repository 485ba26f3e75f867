using Mcu.Emulation;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Report;
using Mcu.Generator.Targets;

namespace Mcu.Tool.Demo;

/// <summary>Base or adapter on the test samples of one domain.</summary>
/// <param name="Adapter">Null for the base alone.</param>
/// <param name="SamePredictions">Whether emulator and int8 reference predict the same for every sample.</param>
/// <param name="DeltaBytes">Flash of the adapter; 0 for the base.</param>
internal sealed record DemoRow(
    string Domain, string? Adapter, int Samples, double FloatAccuracy, double ReferenceAccuracy, double EmulatorAccuracy, bool SamePredictions, long? Instructions, int DeltaBytes);

/// <summary>What the demo shows.</summary>
/// <param name="FlashBytes">Code, weights and all adapters.</param>
internal sealed record DemoResult(
    string Model, string Target, int ArenaBytes, int StackBytes, int CodeBytes, int WeightBytes, int AdapterBytes, int FlashBytes, IReadOnlyList<DemoRow> Rows)
{
    /// <summary>Whether the emulated firmware did what the reference says, everywhere.</summary>
    public bool Passed => Rows.All(row => row.SamePredictions);
}

/// <summary>Compiles the demo's base with all its adapters once, and runs it in three forms over every domain.</summary>
internal sealed class DemoRun(DemoFolder folder, TargetDescription target, DiagnosticBag notes)
{
    private static readonly ExecutionPlace Float = new(ExecutionForm.Float, null);
    private static readonly ExecutionPlace Reference = new(ExecutionForm.Reference, null);

    private readonly ToolProbe tools = new();

    public async Task<DemoResult> RunAsync(Action<string> stage, CancellationToken cancellation)
    {
        DirectoryInfo temporary = Directory.CreateTempSubdirectory("mcu-demo-");
        try
        {
            CompileOptions options = Options(temporary.FullName);
            stage("compile");
            using ModelSession real = ModelSession.OpenBase(options, Float, tools, notes, null, cancellation);
            using ModelSession reference = ModelSession.OpenBase(options, Reference, tools, notes, null, cancellation);
            using ModelSession firmware = ModelSession.OpenBase(options, new ExecutionPlace(ExecutionForm.Firmware, target), tools, notes, null, cancellation);
            return await RunAsync(new Forms(real, reference, firmware), stage, cancellation);
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    private async Task<DemoResult> RunAsync(Forms forms, Action<string> stage, CancellationToken cancellation)
    {
        List<DemoRow> rows = [];
        RunMeasurements? last = null;
        int stack = 0;
        foreach (string domain in folder.Domains)
        {
            IEnumerable<int> adapters = Enumerable.Range(1, folder.Adapters.Count).Where(index => folder.Adapters[index - 1].Domain == domain);
            foreach (int index in adapters.Prepend(0))
            {
                stage($"{domain}: {(index == 0 ? "base" : folder.Adapters[index - 1].Name)}");
                (DemoRow row, last) = await RowAsync(forms, domain, index, cancellation);
                rows.Add(row);
                stack = Math.Max(stack, last.StackBytes ?? 0);
            }
        }

        int code = last?.CodeBytes ?? 0;
        ReportTotals totals = forms.Firmware.Report!.Totals;
        return new DemoResult(
            Path.GetFileName(folder.Base), target.Name, totals.ArenaBytes, stack, code, totals.WeightBytes, totals.AdapterBytes, code + totals.WeightBytes + totals.AdapterBytes, rows);
    }

    private async Task<(DemoRow Row, RunMeasurements Run)> RowAsync(Forms forms, string domain, int index, CancellationToken cancellation)
    {
        IReadOnlyList<int> labels = LabelFile.Read(folder.Labels(domain));
        Evaluation real = await EvaluateAsync(forms.Real, domain, labels, index, cancellation);
        Evaluation reference = await EvaluateAsync(forms.Reference, domain, labels, index, cancellation);
        Evaluation emulated = await EvaluateAsync(forms.Firmware, domain, labels, index, cancellation);
        CompileReport report = forms.Firmware.Report!;
        var row = new DemoRow(
            domain,
            index == 0 ? null : folder.Adapters[index - 1].Name,
            labels.Count,
            real.Accuracy,
            reference.Accuracy,
            emulated.Accuracy,
            reference.Predictions == emulated.Predictions,
            emulated.Run.MedianInstructions,
            index == 0 ? 0 : report.Adapters[index - 1].FlashBytes);
        return (row, emulated.Run);
    }

    private Task<Evaluation> EvaluateAsync(ModelSession session, string domain, IReadOnlyList<int> labels, int adapter, CancellationToken cancellation) =>
        Evaluator.RunAsync(session.Runner, session.ReadSamples(folder.Samples(domain), folder.Data), labels, adapter, cancellation);

    /// <summary>The samples are stored as int8 to save space; calibration takes them in the base's own type.</summary>
    private CompileOptions Options(string temporary)
    {
        var options = new CompileOptions
        {
            BasePath = folder.Base,
            AdapterPaths = [.. folder.Adapters.Select(adapter => adapter.Path)],
            Target = target,
            CalibrationPath = Path.Combine(temporary, "calibration.bin"),
        };
        Graph graph = Pipeline.Load(options with { AdapterPaths = [] }, new DiagnosticBag()).AsRead;
        Tensor input = graph[graph.Inputs[0]];
        IReadOnlyList<TensorValue> samples = SampleFile.Read(folder.Calibration, input.Shape, DataType.Int8, input.Name);
        File.WriteAllBytes(options.CalibrationPath, SampleConversion.ToInput(samples, folder.Data, input));
        return options;
    }

    private sealed record Forms(ModelSession Real, ModelSession Reference, ModelSession Firmware);
}
