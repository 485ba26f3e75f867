using System.CommandLine;
using System.Globalization;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta diff</c>: what differs between two images.</summary>
internal sealed class DeltaDiffCommand : ToolCommand
{
    private readonly Argument<string> left = new("A") { Description = "Delta image (.mcud)." };
    private readonly Argument<string> right = new("B") { Description = "Delta image to compare it with." };
    private readonly AgainstOptions against = new("Base model, folder compiled with --deltas, or .abi.txt: compares number by number instead of record by record.");

    public DeltaDiffCommand(GlobalOptions global)
        : base(
            "diff",
            "Show what differs between two delta images, by header field, layer and section.",
            global,
            new Example("mcu delta diff factory-1.mcud factory-2.mcud", "Which layers a new version changes."),
            new Example("mcu delta diff factory-1.mcud factory-2.mcud --against build/kws --json", "With how many numbers differ, and by how much."))
    {
        Arguments.Add(left);
        Arguments.Add(right);
        against.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        DeltaFile a = DeltaFile.Load(parse.GetRequiredValue(left));
        DeltaFile b = DeltaFile.Load(parse.GetRequiredValue(right));
        DeltaNetwork? network = await against.OpenOneAsync(parse, context, a, required: false, cancellation);
        var difference = DeltaDifference.Of(a, b, network?.Shape);
        context.Result(difference, console => Print(console, difference));
        return ExitCode.Ok;
    }

    private static void Print(IAnsiConsole console, DeltaDifference difference)
    {
        if (difference.Equal)
        {
            console.WriteLine("the images are equal");
            return;
        }

        foreach (FieldDifference field in difference.Fields)
        {
            console.WriteLine($"{field.Field}: {field.A} -> {field.B}");
        }

        Table table = Tables.Create("layer", "name", "section", "where", "numbers", "differing", "largest").Right(0, 4, 5, 6);
        foreach (SectionDifference layer in difference.Layers)
        {
            table.AddRow(
                layer.Layer.ToString(CultureInfo.InvariantCulture), Markup.Escape(Printable.Text(layer.Name ?? "")), layer.Section, layer.Where, Number(layer.Values), Number(layer.Differing), Number(layer.Largest));
        }

        console.Write(table);
    }

    private static string Number(long? value) => value is { } known ? Measurements.Number(known) : "";
}
