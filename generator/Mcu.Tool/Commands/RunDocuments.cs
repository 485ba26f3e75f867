using Mcu.Emulation.Evaluation;
using Mcu.Generator.Inspection;

namespace Mcu.Tool.Commands;

/// <summary>Instructions of the call of <c>MODEL_run</c> alone, over the samples; null where they are not counted.</summary>
internal sealed record InstructionCounts(long? Median, long? Max);

/// <summary>Wall-clock time of one inference in microseconds, over the samples; null where no interpreter's is measured.</summary>
internal sealed record InferenceTimes(double? Median, double? Max)
{
    public static InferenceTimes Of(RunMeasurements run) => new(run.MedianTime?.TotalMicroseconds, run.MaxTime?.TotalMicroseconds);
}

/// <summary>JSON of <c>mcu run</c>; docs/schemas/run.schema.json. Figures that a form of execution has not are null.</summary>
internal sealed record RunDocument(
    string Model,
    string On,
    string Target,
    int AdapterIndex,
    string? Adapter,
    int Samples,
    InstructionCounts Instructions,
    InferenceTimes Microseconds,
    int? StackBytes,
    int? ArenaBytes,
    int? CodeBytes,
    int? WeightBytes,
    int? AdapterBytes,
    int? RamBytes,
    TensorSummary Input,
    TensorSummary Output,
    string? OutputFile,
    IReadOnlyList<string> Notes)
{
    public static RunDocument Of(OpenedModel opened, RunMeasurements run, string? outputFile) => new(
        opened.Name,
        opened.Place.ToString(),
        opened.Target,
        opened.AdapterIndex,
        opened.Adapter,
        run.Samples,
        new InstructionCounts(run.MedianInstructions, run.MaxInstructions),
        InferenceTimes.Of(run),
        run.StackBytes,
        run.ArenaBytes,
        run.CodeBytes,
        run.WeightBytes,
        run.AdapterBytes,
        run.RamBytes,
        TensorSummary.Of(opened.Session.FileInput),
        TensorSummary.Of(opened.Session.FileOutput),
        outputFile,
        [.. run.Notes]);
}

/// <summary>JSON of <c>mcu eval</c>; docs/schemas/eval.schema.json.</summary>
internal sealed record EvalDocument(
    string Model,
    string On,
    string Target,
    int AdapterIndex,
    string? Adapter,
    double Accuracy,
    int Correct,
    int Samples,
    IReadOnlyList<int> Predictions,
    InstructionCounts Instructions,
    InferenceTimes Microseconds,
    int? StackBytes,
    int? ArenaBytes,
    int? CodeBytes,
    int? WeightBytes,
    int? AdapterBytes,
    int? RamBytes,
    IReadOnlyList<string> Notes)
{
    public static EvalDocument Of(OpenedModel opened, Evaluation evaluation)
    {
        RunDocument run = RunDocument.Of(opened, evaluation.Run, null);
        return new EvalDocument(
            run.Model,
            run.On,
            run.Target,
            run.AdapterIndex,
            run.Adapter,
            evaluation.Accuracy,
            evaluation.Correct,
            run.Samples,
            [.. evaluation.Predictions],
            run.Instructions,
            run.Microseconds,
            run.StackBytes,
            run.ArenaBytes,
            run.CodeBytes,
            run.WeightBytes,
            run.AdapterBytes,
            run.RamBytes,
            run.Notes);
    }
}
