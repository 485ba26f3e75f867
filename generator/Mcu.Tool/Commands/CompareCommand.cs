using System.CommandLine;
using Mcu.Emulation;
using Mcu.Emulation.Comparison;
using Mcu.Emulation.Evaluation;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu compare</c>: what changed between two compiled folders.</summary>
internal sealed class CompareCommand : ToolCommand
{
    private readonly Argument<string> before = new("BEFORE") { Description = "Folder that 'mcu compile' wrote." };

    private readonly Argument<string> after = new("AFTER") { Description = "Another one, of a network with the same input and output." };

    private readonly Option<string> on = new("--on")
    {
        Description = "Where both are run: host, qemu:TARGET or renode:TARGET (default qemu:cortex-m4).",
        HelpName = "PLACE",
        DefaultValueFactory = _ => "qemu:cortex-m4",
    };

    private readonly Option<int> samples = new("--samples")
    {
        Description = "Generated inputs to run, 1 to 10000 (default 4).",
        HelpName = "N",
        DefaultValueFactory = _ => 4,
    };

    private readonly Option<int> adapterIndex = new("--adapter-index") { Description = "Active adapter: 0 is none (default).", HelpName = "N" };

    private readonly Option<bool> markdown = new("--markdown") { Description = "Print the table as Markdown." };

    private readonly Option<ComparedPart[]> failOn = Choice.Several(
        "--fail-on",
        "Exit 4 when output bytes differ (outputs), or when instructions, stack or any size grew (growth); may be given twice",
        ("outputs", ComparedPart.Outputs),
        ("growth", ComparedPart.Growth));

    public CompareCommand(GlobalOptions global)
        : base(
            "compare",
            "Compare two compiled folders: sizes, executed instructions, and outputs.",
            global,
            new Example("mcu compare build/old build/new --on qemu:cortex-m4", "What a change costs, and whether it changes outputs."),
            new Example("mcu compare build/old build/new --markdown", "The same as a table for a pull request."),
            new Example("mcu compare build/old build/new --fail-on outputs --fail-on growth", "Exit 4 when an output byte differs or a figure grew."))
    {
        Arguments.Add(before);
        Arguments.Add(after);
        Options.Add(on);
        Options.Add(samples);
        Options.Add(adapterIndex);
        Options.Add(markdown);
        Options.Add(failOn);
        samples.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 10_000)
            {
                result.AddError("--samples must be from 1 to 10000.");
            }
        });
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        ExecutionPlace place = ExecutionPlace.Parse(parse.GetRequiredValue(on), context.Targets);
        BuildComparison comparison = await WorkDisplay.RunAsync(context, "compare", stage =>
        {
            stage(place.ToString());
            return BuildComparison.RunAsync(
                parse.GetRequiredValue(before), parse.GetRequiredValue(after), place, parse.GetValue(samples), parse.GetValue(adapterIndex), new ToolProbe(), cancellation);
        });
        context.Result(comparison, console =>
        {
            if (parse.GetValue(markdown))
            {
                context.Output.Write(comparison.ToMarkdown());
                return;
            }

            Table table = Tables.Create(place.ToString(), "before", "after", "change").Right(1, 2, 3);
            foreach (ComparedFigure figure in comparison.Figures)
            {
                table.AddRow([.. BuildComparison.Cells(figure).Select(Markup.Escape)]);
            }

            console.Write(table);
            console.WriteLine(comparison.OutputSentence());
        });
        string[] failures = [.. Failures(comparison, parse.GetValue(failOn) ?? [])];
        foreach (string failure in failures)
        {
            context.Say($"mcu: --fail-on {failure}");
        }

        return failures.Length == 0 ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    private static IEnumerable<string> Failures(BuildComparison comparison, ComparedPart[] parts)
    {
        if (parts.Contains(ComparedPart.Outputs) && comparison.DifferentSamples.Count > 0)
        {
            yield return "outputs: they differ";
        }

        if (parts.Contains(ComparedPart.Growth) && comparison.Grown.Count > 0)
        {
            yield return $"growth: {string.Join(", ", comparison.Grown)}";
        }
    }

    private enum ComparedPart
    {
        Outputs,
        Growth,
    }
}
