using System.CommandLine;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta apply</c>: the tables that a device computes with after attaching images.</summary>
internal sealed class DeltaApplyCommand : ToolCommand
{
    private readonly Argument<string> model = new("BASE") { Description = "Base model, .tflite or .onnx." };
    private readonly Argument<string[]> files = new("FILE") { Description = "Delta images in the order of attachment.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> output = DeltaOptions.Output("FILE.npz", "Archive to write: weights, bias, multipliers, shifts and low-rank terms of every layer.");
    private readonly ModelOptions options = new();

    public DeltaApplyCommand(GlobalOptions global)
        : base(
            "apply",
            "Attach delta images to a base as a device does, and write the tables that it computes with then.",
            global,
            new Example("mcu delta apply kws_int8.tflite factory.mcud -o effective.npz", "What the device has after attaching; 'mcu run' gives its outputs."),
            new Example("mcu run kws_int8.tflite --adapter factory.mcud --on reference --input samples.npy", "The outputs."))
    {
        Arguments.Add(model);
        Arguments.Add(files);
        Options.Add(output);
        options.AddCalibrationTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        string path = parse.GetRequiredValue(model);
        DeltaFile[] deltas = [.. parse.GetRequiredValue(files).Select(DeltaFile.Load)];
        DeltaNetwork network = await WorkDisplay.RunAsync(
            context,
            "apply",
            stage => Task.Run(
                () => DeltaNetwork.Open(path, deltas[0], () => options.ReadCalibration(parse, context, path), context.Notes, (name, done) => stage(WorkDisplay.Stage(name, done)), cancellation), cancellation));
        DeltaAbi abi = network.Abi ?? throw new DiagnosticException("MCU1221", "Tables of the base are needed, and an ABI has none.", path, "Give the base model.");
        DeltaPart[] parts = [.. deltas.Select(d => new DeltaPart(d, network.Read(d)))];
        DeltaImage composed = DeltaComposer.Compose(parts, network.Shape, new DeltaNumbers());
        network.Check([composed], deltas[^1].Name);
        string place = parse.GetRequiredValue(output);
        AtomicFile.Write(place, DeltaArrays.Effective(abi, composed));
        Report(context, abi, composed, place);
        return ExitCode.Ok;
    }

    private static void Report(CommandContext context, DeltaAbi abi, DeltaImage composed, string place)
    {
        AppliedLayer[] layers = [.. abi.Slots.Select(s => new AppliedLayer(s.Index, s.Node.Name, composed.Layers[s.Index] is not null))];
        context.Result(new ApplyDocument(place, layers), console =>
        {
            console.WriteLine($"{layers.Count(l => l.Changed)} of {layers.Length} layers changed; no accumulator can overflow");
            console.WriteLine($"written to {place}");
        });
    }

    private sealed record ApplyDocument(string OutputFile, IReadOnlyList<AppliedLayer> Layers);

    private sealed record AppliedLayer(int Index, string Name, bool Changed);
}
