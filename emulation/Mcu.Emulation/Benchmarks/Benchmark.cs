using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Benchmarks;

/// <summary>One model on one target.</summary>
/// <param name="Model">File name without its ending.</param>
/// <param name="Instructions">Median over the samples; null where they are not counted.</param>
/// <param name="ArenaBytes">All RAM that an inference touches except its stack.</param>
/// <param name="Macs">Multiply-accumulates of one inference of the base.</param>
/// <param name="Baseline">Another runtime's figures, where the baseline has them.</param>
public sealed record BenchRow(
    string Model,
    string Target,
    int Samples,
    long? Instructions,
    int ArenaBytes,
    int StackBytes,
    int CodeBytes,
    int WeightBytes,
    int AdapterBytes,
    int RamBytes,
    long Macs,
    BaselineRow? Baseline)
{
    public double? InstructionsPerMac => Macs > 0 && Instructions is { } count ? (double)count / Macs : null;

    /// <summary>Our instructions as a part of the baseline's.</summary>
    public double? InstructionsToBaseline => Baseline is { Instructions: > 0 } && Instructions is { } count ? (double)count / Baseline.Instructions : null;
}

/// <summary>Measures models on targets with generated inputs (<see cref="GeneratedInput"/>).</summary>
public sealed class Benchmark(ToolProbe tools, Baseline? baseline)
{
    /// <summary>Compiles, builds and runs one model on one target; every diagnostic of these steps.</summary>
    public async Task<BenchRow> RunAsync(CompileOptions options, ExecutionPlace place, int samples, int adapterIndex, DiagnosticBag notes, CancellationToken cancellation)
    {
        using ModelSession session = ModelSession.OpenBase(options, place, tools, notes, null, cancellation);
        RunMeasurements run = await session.Runner.RunAsync(GeneratedInput.Int8(samples, session.Runner.Input), adapterIndex, cancellation);
        string model = Path.GetFileNameWithoutExtension(options.BasePath);
        return new BenchRow(
            model,
            options.Target.Name,
            run.Samples,
            run.MedianInstructions,
            run.ArenaBytes ?? 0,
            run.StackBytes ?? 0,
            run.CodeBytes ?? 0,
            run.WeightBytes ?? 0,
            run.AdapterBytes ?? 0,
            run.RamBytes ?? 0,
            session.Report!.Totals.Macs,
            baseline?.Find(model, options.Target.Core));
    }
}
