using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Report;

namespace Mcu.Emulation.Demonstration;

/// <summary>Accuracy of one adapter on one domain, 0 to 1, in each form.</summary>
/// <param name="Adapter"><c>none</c> for the base alone.</param>
public sealed record DemoAccuracy(string Domain, string Adapter, double Float, double Reference, double Emulator);

/// <summary>Cost of one adapter on the device.</summary>
/// <param name="Instructions">Median of one inference.</param>
/// <param name="DeltaBytes">Flash of the adapter beyond the base; 0 for the base.</param>
public sealed record DemoCost(string Adapter, long Instructions, int StackBytes, int DeltaBytes);

/// <summary>What the demo found.</summary>
public sealed record DemoResult(
    string Target, string OutputFolder, int ArenaBytes, int CodeBytes, int WeightBytes, IReadOnlyList<DemoAccuracy> Accuracy, IReadOnlyList<DemoCost> Costs);

/// <summary>The main job on the demo's material: compile base and adapters, run both in every form, compare.</summary>
public sealed class DemoRunner(ToolProbe tools, DiagnosticBag notes, Action<string> progress)
{
    /// <param name="options">Options with base, adapters, calibration and target set.</param>
    /// <param name="outputFolder">Folder with the emitted sources.</param>
    public async Task<DemoResult> RunAsync(DemoMaterial material, CompileOptions options, CompileResult compiled, string outputFolder, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(notes);
        IModelRunner[] runners =
        [
            new FloatRunner(compiled.Loaded.Canonical, compiled.Loaded.Adapters),
            new ReferenceRunner(compiled.Model),
            new FirmwareModelRunner(outputFolder, options.Target, tools),
        ];
        var accuracy = new List<DemoAccuracy>();
        var costs = new Dictionary<int, DemoCost>();
        RunMeasurements? last = null;
        foreach (string domain in material.Domains)
        {
            for (int adapter = 0; adapter <= material.Adapters.Count; adapter++)
            {
                string name = adapter == 0 ? "none" : material.Adapters[adapter - 1].Name;
                progress($"{domain}, adapter {name}");
                Evaluation.Evaluation[] results = await EvaluateAsync(material, runners, domain, adapter, cancellation);
                accuracy.Add(new DemoAccuracy(domain, name, results[0].Accuracy, results[1].Accuracy, results[2].Accuracy));
                last = results[2].Run;
                costs[adapter] = new DemoCost(name, last.MedianInstructions ?? 0, last.StackBytes ?? 0, DeltaBytes(compiled.Report, adapter));
            }
        }

        return new DemoResult(
            options.Target.Name, outputFolder, compiled.Report.ArenaBytes, last?.CodeBytes ?? 0, compiled.Report.WeightBytes, accuracy, [.. costs.Values]);
    }

    private static int DeltaBytes(CompileReport report, int adapter) => adapter == 0 ? 0 : report.Adapters[adapter - 1].FlashBytes;

    private static async Task<Evaluation.Evaluation[]> EvaluateAsync(DemoMaterial material, IModelRunner[] runners, string domain, int adapter, CancellationToken cancellation)
    {
        IReadOnlyList<int> labels = LabelFile.Read(material.LabelsOf(domain));
        var results = new Evaluation.Evaluation[runners.Length];
        for (int i = 0; i < runners.Length; i++)
        {
            Tensor input = runners[i].Input;
            IReadOnlyList<TensorValue> samples = SampleFile.Read(material.SamplesOf(domain), input.Shape, DataType.Int8, input.Name);
            byte[] bytes = SampleConversion.ToInput(samples, material.Data, input);
            results[i] = await Evaluator.RunAsync(runners[i], bytes, labels, adapter, cancellation);
        }

        return results;
    }
}
