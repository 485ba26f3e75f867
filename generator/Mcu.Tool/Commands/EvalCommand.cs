using System.CommandLine;
using System.Globalization;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Graphs;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu eval</c>: accuracy on labelled samples.</summary>
internal sealed class EvalCommand : ToolCommand
{
    private readonly ExecutionOptions execution = new();

    private readonly DataOptions data = new(isRequired: true);

    public EvalCommand(GlobalOptions global)
        : base(
            "eval",
            "Accuracy of a classifier on labelled samples: float graph, int8 reference, host, or emulator.",
            global,
            new Example("mcu eval kws_int8.tflite --data features.bin --labels labels.csv --on qemu:cortex-m4", "Accuracy as the device will have it."),
            new Example(
                "mcu eval kws.onnx --data features.bin --labels labels.csv --data-scale 0.5847029 --data-zero-point 83 --on float",
                "The float network on int8 features."))
    {
        execution.AddTo(this);
        data.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        Quantization? quantization = data.Quantization(parse);
        IReadOnlyList<int> classes = data.Labels(parse)!;
        (EvalDocument document, RunDocument run) = await WorkDisplay.RunAsync(context, "eval", async stage =>
        {
            using OpenedModel opened = await execution.OpenAsync(parse, context, stage, cancellation);
            byte[] samples = opened.Session.ReadSamples(data.Path(parse)!, quantization);
            stage($"run {classes.Count} samples on {opened.Place}");
            Evaluation evaluation = await Evaluator.RunAsync(opened.Session.Runner, samples, classes, opened.AdapterIndex, cancellation);
            return (EvalDocument.Of(opened, evaluation), RunDocument.Of(opened, evaluation.Run, null));
        });
        context.Result(document, console =>
        {
            Measurements.Print(console, run);
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"accuracy {document.Accuracy:F4} ({document.Correct} of {document.Samples})"));
        });
        return ExitCode.Ok;
    }
}
