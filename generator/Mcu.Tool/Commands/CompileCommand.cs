using System.CommandLine;
using System.Globalization;
using Mcu.Emulation.Managed;
using Mcu.Generator;
using Mcu.Generator.Emit;
using Mcu.Generator.Report;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu compile</c>: base and adapters to a folder of C.</summary>
internal sealed class CompileCommand : ToolCommand
{
    private readonly Argument<string> model = new("BASE") { Description = "Base model, .tflite or .onnx." };

    private readonly Option<string> output = new("--output", "-o")
    {
        Description = "Folder to write; new, empty, or written by mcu before.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly ModelOptions options = new();

    private readonly LanguageOptions language = new();

    public CompileCommand(GlobalOptions global)
        : base(
            "compile",
            "Compile a base model and its adapters to C sources with a report.",
            global,
            new Example("mcu compile kws_int8.tflite -o build/kws", "C for a Cortex-M4 from an int8 network."),
            new Example(
                "mcu compile kws.onnx --calibration samples.npy --adapter factory --adapter accent --target cortex-m7 -o build/kws",
                "Quantise a float network, with two adapters that are selected at run time."),
            new Example("mcu compile kws_int8.tflite --lang nanoframework --namespace Acme.Speech -o Kws", "A C# project for .NET nanoFramework instead of C."),
            new Example("mcu compile kws_int8.tflite --budget-ram 24K --budget-flash 96K --json -o out", "Exit 2 when it does not fit."))
    {
        Arguments.Add(model);
        Options.Add(output);
        options.AddTo(this);
        language.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        CompileOptions compile = language.Apply(parse, options.Read(parse, context, parse.GetRequiredValue(model)));
        string place = parse.GetRequiredValue(output);
        using AtomicFolder folder = AtomicFolder.Create(place);
        CompileResult result = await WorkDisplay.RunAsync(
            context,
            "compile",
            stage => Task.Run(() => Pipeline.Compile(compile, context.Notes, (name, done) => stage(WorkDisplay.Stage(name, done)), cancellation), cancellation));
        EmittedFiles.Write(result.Files, folder.WorkPath);
        if (result.Managed is not null)
        {
            await Task.Run(() => ManagedVerifier.Compile(result.Managed), cancellation);
            EmittedFiles.Write(result.Managed.Binaries, folder.WorkPath);
        }

        cancellation.ThrowIfCancellationRequested();
        folder.Commit();
        if (context.Json)
        {
            await context.Output.WriteAsync(ReportJson.Write(result.Report).AsMemory(), CancellationToken.None);
        }
        else
        {
            Print(CommandContext.ConsoleOn(context.Output), result.Report, place);
        }

        return ExitCode.Ok;
    }

    private static void Print(IAnsiConsole console, CompileReport report, string place)
    {
        ReportTotals totals = report.Totals;
        console.WriteLine($"{report.Model.Name} for {report.Target}: {report.Layers.Length} layers, {Number(totals.Macs)} MACs");
        console.WriteLine($"arena {Number(totals.ArenaBytes)} bytes ({report.Plan.Proof}), weights {Number(totals.WeightBytes)} bytes, adapters {Number(totals.AdapterBytes)} bytes");
        foreach (AdapterReport adapter in report.Adapters)
        {
            string modes = string.Join(", ", adapter.Layers.GroupBy(layer => layer.Mode).Select(group => $"{group.Count()} {group.Key}"));
            console.WriteLine($"adapter {adapter.Index} {adapter.Name}: {Number(adapter.FlashBytes)} bytes ({modes})");
        }

        console.WriteLine($"written to {place}; open {Path.Combine(place, "report.html")} for every layer");
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
