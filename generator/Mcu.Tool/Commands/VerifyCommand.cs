using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Mcu.Emulation;
using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Verification;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Verification;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu verify</c>: our arithmetic against something independent.</summary>
internal sealed class VerifyCommand : ToolCommand
{
    private const int DefaultSeeds = 3;

    private readonly Argument<string> model = new("BASE") { Description = "Base model, .tflite or .onnx." };

    private readonly Option<string?> twin = new("--twin")
    {
        Description = "Another file of the same float network, whose outputs must be equal.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> on = new("--on")
    {
        Description = "host, qemu:TARGET or renode:TARGET: firmware to compare byte for byte with the int8 reference; may be given several times.",
        HelpName = "PLACE",
    };

    private readonly Option<int> seeds = new("--seeds")
    {
        Description = $"Generated inputs per comparison (default {DefaultSeeds}).",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultSeeds,
    };

    private readonly Option<string?> data = new("--data")
    {
        Description = "Samples on which int8 is compared with float (top-1 agreement, SQNR); default: the calibration file.",
        HelpName = "FILE",
    };

    private readonly ModelOptions options = new();

    public VerifyCommand(GlobalOptions global)
        : base(
            "verify",
            "Compare every node of an ONNX model with ONNX Runtime, a float model with its twin, and firmware with the int8 reference. Exits 4 on a difference.",
            global,
            new Example("mcu verify kws.onnx", "Every node against ONNX Runtime."),
            new Example("mcu verify kws_fp32.tflite --twin kws_fp32.onnx", "A TensorFlow Lite file against its ONNX twin."),
            new Example("mcu verify kws_int8.tflite --on host --on qemu:cortex-m4", "Firmware against the C# reference, byte for byte."))
    {
        Arguments.Add(model);
        Options.Add(twin);
        Options.Add(on);
        Options.Add(seeds);
        Options.Add(data);
        seeds.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 10_000)
            {
                result.AddError("--seeds must be from 1 to 10000.");
            }
        });
        options.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        CompileOptions compile = options.Read(parse, context, parse.GetRequiredValue(model));
        ExecutionPlace[] places = [.. (parse.GetValue(on) ?? []).Select(place => Firmware(place, context))];
        var verifier = new ModelVerifier(new ToolProbe(), context.Notes);
        var request = new VerifyRequest(compile, parse.GetValue(twin), places, parse.GetValue(seeds));
        string? samples = parse.GetValue(data) ?? compile.CalibrationPath;
        VerifyDocument document = await WorkDisplay.RunAsync(context, "verify", async _ =>
        {
            IReadOnlyList<ModelCheck> checks = await verifier.RunAsync(request, cancellation);
            QuantizationQuality? quality = samples is null ? null : await Task.Run(() => verifier.Quality(compile, samples, cancellation), cancellation);
            return new VerifyDocument(Path.GetFileName(compile.BasePath), checks.All(check => check.Passed), checks, QualityFigures.Of(quality));
        });
        context.Result(document, console => Print(console, document));
        return document.Passed ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    private static ExecutionPlace Firmware(string text, CommandContext context)
    {
        ExecutionPlace place = ExecutionPlace.Parse(text, context.Targets);
        return place.Form == ExecutionForm.Firmware
            ? place
            : throw new DiagnosticException("MCU0115", $"'{text}' is compared with in any case.", "--on", "Give host, qemu:TARGET or renode:TARGET.");
    }

    private static void Print(IAnsiConsole console, VerifyDocument document)
    {
        foreach (ModelCheck check in document.Checks)
        {
            string worst = check.Worst is { } part ? string.Create(CultureInfo.InvariantCulture, $", largest difference {part:P1} of what is allowed") : "";
            console.MarkupLine($"{(check.Passed ? "[green]ok[/]    " : "[red]FAILED[/]")} {Markup.Escape(check.Name)}: {check.Compared} compared{Markup.Escape(worst)}");
            foreach (string failure in check.Failures)
            {
                console.WriteLine($"         {Printable.Text(failure)}");
            }
        }

        if (document.Quantization is { } quality)
        {
            string sqnr = quality.SqnrDb is { } db ? string.Create(CultureInfo.InvariantCulture, $"{db:F1} dB") : "no noise";
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"int8 against float on {quality.Samples} samples: top-1 agreement {quality.Top1Agreement:F4}, SQNR {sqnr}"));
        }
    }

    private sealed record VerifyDocument(string Model, bool Passed, IReadOnlyList<ModelCheck> Checks, QualityFigures? Quantization);

    /// <param name="SqnrDb">Null where there is no noise at all.</param>
    private sealed record QualityFigures(int Samples, [property: JsonPropertyName("top1_agreement")] double Top1Agreement, double? SqnrDb)
    {
        public static QualityFigures? Of(QuantizationQuality? quality) =>
            quality is null ? null : new(quality.Samples, quality.Top1Agreement, double.IsFinite(quality.SignalToNoise) ? quality.SignalToNoise : null);
    }
}
