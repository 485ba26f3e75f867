using System.CommandLine;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta compose</c>: several images to one.</summary>
internal sealed class DeltaComposeCommand : ToolCommand
{
    private readonly Argument<string[]> files = new("FILE") { Description = "Delta images in the order in which a device would attach them.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> output = DeltaOptions.Output("FILE", "Image to write, .mcud.");
    private readonly Option<uint?> id = DeltaOptions.Number("--id", "Number of the composed image (default: that of the first).");
    private readonly Option<uint?> version = DeltaOptions.Number("--version", "Version of the composed image (default: the largest).");
    private readonly Option<uint?> counter = DeltaOptions.Number("--security-counter", "Security counter of the composed image (default: the largest).");
    private readonly Option<int> selfTests = new("--self-tests") { Description = "Self-tests to write when --against is a base model (default 1).", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly AgainstOptions against = new("Base model, folder compiled with --deltas, or .abi.txt of the network that all are for.");

    public DeltaComposeCommand(GlobalOptions global)
        : base(
            "compose",
            "Compose delta images into one that gives the same bytes as attaching them in order; conflicts are refused.",
            global,
            new Example("mcu delta compose accent.mcud factory.mcud --against kws_int8.tflite -o both.mcud", "base + accent + factory."),
            new Example("mcu delta compose accent.mcud factory.mcud --against build/kws -o both.mcud", "Without the base model: no self-tests are written."))
    {
        Arguments.Add(files);
        Options.Add(output);
        Options.Add(id);
        Options.Add(version);
        Options.Add(counter);
        Options.Add(selfTests);
        against.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        DeltaFile[] parts = [.. parse.GetRequiredValue(files).Select(DeltaFile.Load)];
        DeltaNetwork network = (await against.OpenOneAsync(parse, context, parts[0], required: true, cancellation))!;
        DeltaImage image = Composed(parse, context, parts, network);
        byte[] body = DeltaWriter.Write(image, network.Shape);
        string path = parse.GetRequiredValue(output);
        AtomicFile.Write(path, body);
        DeltaPrinter.Written(context, body, network.Shape, path);
        return ExitCode.Ok;
    }

    private DeltaImage Composed(ParseResult parse, CommandContext context, DeltaFile[] files, DeltaNetwork network)
    {
        DeltaPart[] parts = [.. files.Select(f => new DeltaPart(f, network.Read(f)))];
        var numbers = new DeltaNumbers(
            parse.GetValue(id) ?? files[0].Header.Id,
            parse.GetValue(version) ?? files.Max(f => f.Header.Version),
            parse.GetValue(counter) ?? files.Max(f => f.Header.SecurityCounter));
        DeltaImage image = DeltaComposer.Compose(parts, network.Shape, numbers);
        network.Check([image], files[^1].Name);
        if (network.Abi is { } abi)
        {
            return DeltaPacker.WithSelfTests(image, abi, Math.Clamp(parse.GetValue(selfTests), 0, byte.MaxValue));
        }

        context.Notes.Warn("MCU1223", "Without the base model no self-tests are written, and limits are checked without its biases; devices check them whole.", network.Name, "Give the base model to --against.");
        return image;
    }
}
