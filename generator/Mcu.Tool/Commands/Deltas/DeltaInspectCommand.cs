using System.CommandLine;
using Mcu.Generator.Deltas;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta inspect</c>: what an image holds.</summary>
internal sealed class DeltaInspectCommand : ToolCommand
{
    private readonly Argument<string> file = DeltaOptions.File();
    private readonly AgainstOptions against = new("Base model, folder compiled with --deltas, or .abi.txt: gives names and all low-rank terms.");

    public DeltaInspectCommand(GlobalOptions global)
        : base(
            "inspect",
            "Show what a delta image holds; nothing but the image is needed.",
            global,
            new Example("mcu delta inspect factory.mcud", "Header, signature, and sections of every changed layer."),
            new Example("mcu delta inspect factory.mcud --against build/kws --json", "With the layers' names, for a program."))
    {
        Arguments.Add(file);
        against.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        DeltaFile delta = DeltaFile.Load(parse.GetRequiredValue(file));
        DeltaNetwork? network = await against.OpenOneAsync(parse, context, delta, required: false, cancellation);
        DeltaSummary summary = DeltaSummary.Of(delta, network?.Shape);
        context.Result(summary, console => DeltaPrinter.Print(console, summary));
        return ExitCode.Ok;
    }
}
