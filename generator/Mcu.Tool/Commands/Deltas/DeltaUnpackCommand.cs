using System.CommandLine;
using Mcu.Generator.Deltas;
using Mcu.Generator.Emit;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta unpack</c>: the sections of an image as NumPy archives.</summary>
internal sealed class DeltaUnpackCommand : ToolCommand
{
    private readonly Argument<string> file = DeltaOptions.File();
    private readonly Option<string> output = DeltaOptions.Output("DIR", "Folder to write; new or empty.");
    private readonly AgainstOptions against = new("Base model, folder compiled with --deltas, or .abi.txt of the network that it is for.");

    public DeltaUnpackCommand(GlobalOptions global)
        : base(
            "unpack",
            "Write a delta image as files: delta.json, and one NumPy archive per changed layer.",
            global,
            new Example("mcu delta unpack factory.mcud --against build/kws -o factory", "factory/delta.json, factory/layer2.npz, ..."))
    {
        Arguments.Add(file);
        Options.Add(output);
        against.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        DeltaFile delta = DeltaFile.Load(parse.GetRequiredValue(file));
        DeltaNetwork network = (await against.OpenOneAsync(parse, context, delta, required: true, cancellation))!;
        DeltaImage image = network.Read(delta);
        DeltaSummary summary = DeltaSummary.Of(delta, network.Shape);
        string place = parse.GetRequiredValue(output);
        using AtomicFolder folder = AtomicFolder.Create(place);
        AtomicFile.Write(Path.Combine(folder.WorkPath, "delta.json"), JsonOutput.Text(summary) + "\n");
        foreach (DeltaLayerSummary layer in summary.Layers)
        {
            AtomicFile.Write(Path.Combine(folder.WorkPath, FormattableString.Invariant($"layer{layer.Index}.npz")), DeltaArrays.Sections(image.Layers[layer.Index]!, network.Shape.Layers[layer.Index]));
        }

        folder.Commit();
        context.Result(summary, console =>
        {
            DeltaPrinter.Print(console, summary);
            console.WriteLine($"written to {place}");
        });
        return ExitCode.Ok;
    }
}
