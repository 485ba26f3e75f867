using System.CommandLine;
using System.Globalization;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Graphs;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu run</c>: samples in, outputs and measurements out.</summary>
internal sealed class RunCommand : ToolCommand
{
    private const int SamplesShown = 10;
    private const int ValuesShown = 16;

    private readonly ExecutionOptions execution = new();

    private readonly Option<string> input = new("--input")
    {
        Description = "One or more samples in the model's input type and layout: .npy, .npz, or raw values back to back.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string?> output = new("--output", "-o")
    {
        Description = "File for the outputs, raw values back to back in the model's output type; .npy writes a NumPy array.",
        HelpName = "FILE",
    };

    public RunCommand(GlobalOptions global)
        : base(
            "run",
            "Run samples through a model: the float graph, the int8 reference, or firmware on the host or in an emulator.",
            global,
            new Example("mcu run kws_int8.tflite --on qemu:cortex-m4 --input samples.bin -o outputs.bin", "Compile, build, and run on an emulated Cortex-M4."),
            new Example("mcu run kws.onnx --adapter factory --on float --input samples.npy", "The float graph with an adapter merged in."),
            new Example("mcu run build/kws --adapter-index 1 --on host --input samples.bin --json", "A compiled folder with its first adapter."))
    {
        execution.AddTo(this);
        Options.Add(input);
        Options.Add(output);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        string? outputFile = parse.GetValue(output);
        OutputFile.Check(outputFile);
        (RunDocument document, byte[] outputs, Tensor port) = await WorkDisplay.RunAsync(context, "run", async stage =>
        {
            using OpenedModel opened = await execution.OpenAsync(parse, context, stage, cancellation);
            byte[] samples = opened.Session.ReadSamples(parse.GetRequiredValue(input));
            stage($"run on {opened.Place}");
            RunMeasurements run = await opened.Session.Runner.RunAsync(samples, opened.AdapterIndex, cancellation);
            byte[] bytes = opened.Session.ToFile(run.Outputs);
            OutputFile.Write(outputFile, bytes, opened.Session.FileOutput, run.Samples);
            return (RunDocument.Of(opened, run, outputFile), bytes, opened.Session.FileOutput);
        });
        context.Result(document, console => Print(console, document, outputs, port));
        return ExitCode.Ok;
    }

    private static void Print(IAnsiConsole console, RunDocument document, byte[] outputs, Tensor port)
    {
        Measurements.Print(console, document);
        if (document.OutputFile is not null)
        {
            console.WriteLine($"outputs written to {document.OutputFile}");
            return;
        }

        int size = SampleBytes.Of(port);
        for (int i = 0; i < Math.Min(document.Samples, SamplesShown); i++)
        {
            float[] values = SampleBytes.ToReal(outputs.AsSpan(i * size, size), port);
            string shown = string.Join(' ', values.Take(ValuesShown).Select(value => value.ToString("G6", CultureInfo.InvariantCulture)));
            console.WriteLine($"output {i}: {shown}{(values.Length > ValuesShown ? " ..." : "")}");
        }

        if (document.Samples > SamplesShown)
        {
            console.WriteLine($"... {document.Samples - SamplesShown} more; -o FILE writes all");
        }
    }
}
