using System.CommandLine;
using Mcu.Generator;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta pack</c>: an adapter to an image.</summary>
internal sealed class DeltaPackCommand : ToolCommand
{
    private const int MaxSelfTests = byte.MaxValue;

    private readonly Argument<string> model = new("BASE") { Description = "Base model, .tflite or .onnx; the one that the firmware was compiled from." };
    private readonly Option<string> output = DeltaOptions.Output("FILE", "Image to write, .mcud.");
    private readonly Option<uint?> id = DeltaOptions.Number("--id", "Number of your own choosing, such as a factory or an experiment's arm (default 0).");
    private readonly Option<uint?> version = DeltaOptions.Number("--version", "Version of the delta (default 1).");
    private readonly Option<uint?> counter = DeltaOptions.Number("--security-counter", "Devices refuse an image below the largest counter that they have confirmed (default 0).");
    private readonly Option<int?> selfTests = new("--self-tests") { Description = "How many self-tests to write, 0 to 255 (default 1).", HelpName = "N" };
    private readonly ModelOptions options = new();

    public DeltaPackCommand(GlobalOptions global)
        : base(
            "pack",
            "Pack one adapter as a delta image for one compiled network.",
            global,
            new Example("mcu delta pack kws_int8.tflite --adapter factory --target cortex-m4 -o factory.mcud", "For firmware of 'mcu compile kws_int8.tflite --deltas 1'."),
            new Example("mcu delta pack kws.onnx --calibration samples.npy --adapter accent --id 7 --version 3 --security-counter 3 -o accent.mcud", "With numbers that the device checks."))
    {
        Arguments.Add(model);
        Options.Add(output);
        Options.Add(id);
        Options.Add(version);
        Options.Add(counter);
        Options.Add(selfTests);
        options.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        CompileOptions compile = options.Read(parse, context, parse.GetRequiredValue(model));
        if (compile.AdapterPaths.Count != 1)
        {
            throw new DiagnosticException("MCU1222", $"{compile.AdapterPaths.Count} adapters are given; an image holds one.", "--adapter", "Pack each adapter, and compose the images where they belong together.");
        }

        var numbers = new DeltaNumbers(parse.GetValue(id) ?? 0, parse.GetValue(version) ?? 1, parse.GetValue(counter) ?? 0, SelfTests(parse));
        PackedDelta packed = await WorkDisplay.RunAsync(
            context,
            "pack",
            stage => Task.Run(() => DeltaPipeline.Pack(compile, numbers, context.Notes, (name, done) => stage(WorkDisplay.Stage(name, done)), cancellation), cancellation));
        string path = parse.GetRequiredValue(output);
        AtomicFile.Write(path, packed.Body);
        DeltaPrinter.Written(context, packed.Body, DeltaInterface.Of(packed.Abi), path);
        return ExitCode.Ok;
    }

    private int SelfTests(ParseResult parse) => (parse.GetValue(selfTests) ?? 1) is >= 0 and <= MaxSelfTests and int count
        ? count
        : throw new DiagnosticException("MCU1222", $"An image holds 0 to {MaxSelfTests} self-tests.", "--self-tests", "Each costs 8 bytes and one inference on the device; 1 to 3 are enough.");
}
