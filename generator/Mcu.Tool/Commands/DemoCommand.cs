using System.CommandLine;
using System.Globalization;
using Mcu.Tool.Cli;
using Mcu.Tool.Demo;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu demo</c>: the whole way, on the project's own material.</summary>
internal sealed class DemoCommand : ToolCommand
{
    private readonly Option<string> target = new("--target")
    {
        Description = "Target to compile for and to emulate (default cortex-m4).",
        HelpName = "NAME",
        DefaultValueFactory = _ => "cortex-m4",
    };

    public DemoCommand(GlobalOptions global)
        : base(
            "demo",
            "Compile a keyword-spotting network with three adapters, and run it on an emulated microcontroller. Exits 4 when firmware and reference differ.",
            global,
            new Example("mcu demo", "Accuracy of base and adapters per domain, on an emulated Cortex-M4."),
            new Example("mcu demo --target cortex-m0plus --json", "On another core, for a program."))
    {
        Options.Add(target);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        var demo = new DemoRun(DemoFolder.ForThisCheckout(), context.Targets.Get(parse.GetRequiredValue(target)), context.Notes);
        DemoResult result = await WorkDisplay.RunAsync(context, "demo", stage => Task.Run(() => demo.RunAsync(stage, cancellation), cancellation));
        context.Result(result, console => Print(console, result));
        return result.Passed ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    private static void Print(IAnsiConsole console, DemoResult result)
    {
        console.WriteLine($"{result.Model} and its adapters on an emulated {result.Target}");
        Table table = Tables.Create("test domain", "adapter", "float", "int8 reference", "emulator", "same predictions", "instructions", "delta bytes").Right(2, 3, 4, 6, 7);
        foreach (DemoRow row in result.Rows)
        {
            table.AddRow(
                Markup.Escape(row.Domain),
                Markup.Escape(row.Adapter ?? "none"),
                Percent(row.FloatAccuracy),
                Percent(row.ReferenceAccuracy),
                Percent(row.EmulatorAccuracy),
                row.SamePredictions ? "[green]yes[/]" : "[red]NO[/]",
                row.Instructions is { } count ? Measurements.Number(count) : "",
                row.Adapter is null ? "" : Measurements.Number(row.DeltaBytes));
        }

        console.Write(table);
        console.WriteLine($"RAM: arena {Measurements.Number(result.ArenaBytes)} bytes, stack {Measurements.Number(result.StackBytes)} bytes");
        console.WriteLine(
            $"flash: {Measurements.Number(result.FlashBytes)} bytes (code {Measurements.Number(result.CodeBytes)}, base weights {Measurements.Number(result.WeightBytes)}, all adapters {Measurements.Number(result.AdapterBytes)})");
    }

    private static string Percent(double share) => share.ToString("P1", CultureInfo.InvariantCulture);
}
