using System.CommandLine;
using System.Globalization;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu eval</c>: accuracy on labelled samples.</summary>
internal sealed class EvalCommand : ToolCommand
{
    private readonly ExecutionOptions execution = new();

    private readonly Option<string> data = new("--data")
    {
        Description = "Samples: .npy, .npz, or raw values back to back; in the model's input type unless --data-scale is given.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> labels = new("--labels")
    {
        Description = "CSV without header, one line per sample in the same order; the last column is the class index.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<float?> dataScale = new("--data-scale")
    {
        Description = "The data file holds int8 of this scale: dequantised for a float network, requantised for an int8 one.",
        HelpName = "S",
    };

    private readonly Option<int?> dataZeroPoint = new("--data-zero-point")
    {
        Description = "Zero point of the int8 data file (default 0).",
        HelpName = "Z",
    };

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
        Options.Add(data);
        Options.Add(labels);
        Options.Add(dataScale);
        Options.Add(dataZeroPoint);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        Quantization? quantization = DataQuantization(parse);
        IReadOnlyList<int> classes = LabelFile.Read(parse.GetRequiredValue(labels));
        (EvalDocument document, RunDocument run) = await WorkDisplay.RunAsync(context, "eval", async stage =>
        {
            using OpenedModel opened = await execution.OpenAsync(parse, context, stage, cancellation);
            byte[] samples = opened.Session.ReadSamples(parse.GetRequiredValue(data), quantization);
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

    private Quantization? DataQuantization(ParseResult parse)
    {
        float? scale = parse.GetValue(dataScale);
        int zeroPoint = parse.GetValue(dataZeroPoint) ?? 0;
        if (scale is null)
        {
            return parse.GetValue(dataZeroPoint) is null
                ? null
                : throw new DiagnosticException("MCU0134", "A zero point without a scale says nothing.", "--data-zero-point", "Give --data-scale too.");
        }

        bool valid = scale is > 0 and < float.PositiveInfinity && zeroPoint is >= sbyte.MinValue and <= sbyte.MaxValue;
        return valid
            ? new Quantization(scale.Value, zeroPoint)
            : throw new DiagnosticException("MCU0134", "The scale must be a positive number and the zero point an int8 value.", "--data-scale");
    }
}
