using System.CommandLine;
using System.Globalization;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Report;
using Mcu.Tool.Cli;
using Mcu.Tool.Compiling;
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

    private readonly Option<string?> stamp = new("--stamp")
    {
        Description = "File that remembers inputs and outputs: nothing is done when both are as it says.",
        HelpName = "FILE",
    };

    private readonly Option<string?> stampKey = new("--stamp-key")
    {
        Description = "Text that a build system keeps in the stamp to know its own inputs again; it decides nothing here.",
        HelpName = "KEY",
    };

    private readonly Option<bool> measure = new("--measure")
    {
        Description = "Run the base, and each adapter beside it, in the target's emulator, and put instructions, stack and code into the report.",
    };

    private readonly Option<bool> watch = new("--watch")
    {
        Description = "Compile again whenever an input changes, until Ctrl-C.",
    };

    private readonly Option<DiagnosticForm> diagnostics = Choice.Of(
        "--diagnostics",
        "Form of errors and warnings; msbuild begins each with the file concerned, for build systems and editors",
        ("text", DiagnosticForm.Text),
        ("msbuild", DiagnosticForm.BuildLog));

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
            new Example("mcu compile kws_int8.tflite --lang nanoframework --form auto --ns-per-il 300 -o Kws", "C# where the device's interpreter is fast enough, else C# over C in the firmware."),
            new Example("mcu compile kws.onnx --calibration samples.npy --adapter factory --watch -o out", "Compile again whenever network, samples or adapter change."),
            new Example("mcu compile kws.onnx --calibration samples.npy --adapter factory --measure -o out", "With instructions of base and adapter in the report."),
            new Example("mcu compile kws_int8.tflite --budget-ram 24K --budget-flash 96K --json -o out", "Exit 2 when it does not fit."))
    {
        Arguments.Add(model);
        Options.Add(output);
        Options.Add(stamp);
        Options.Add(stampKey);
        Options.Add(measure);
        Options.Add(watch);
        Options.Add(diagnostics);
        options.AddTo(this);
        language.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        CompileOptions compile = language.Apply(parse, options.Read(parse, context, parse.GetRequiredValue(model)));
        if (parse.GetValue(diagnostics) == DiagnosticForm.BuildLog)
        {
            context.Format = new BuildLog(compile).Line;
        }

        return parse.GetValue(watch)
            ? await WatchAsync(parse, context, compile, cancellation)
            : await CompileAsync(parse, context, compile, cancellation);
    }

    /// <summary>MCU1409 where there is no firmware to run.</summary>
    private bool Measures(ParseResult parse) => parse.GetValue(measure) && !language.IsC(parse)
        ? throw new DiagnosticException("MCU1409", "--measure runs firmware in C.", "--measure", "Leave it out; 'mcu run --on managed' counts instructions of managed code.")
        : parse.GetValue(measure);

    /// <summary>The command line's words, without the stamp's key.</summary>
    private string[] Words(ParseResult parse)
    {
        string[] words = [.. parse.Tokens.Select(token => token.Value)];
        return [.. words.Where((word, i) => word != stampKey.Name && (i == 0 || words[i - 1] != stampKey.Name))];
    }

    private async Task<int> CompileAsync(ParseResult parse, CommandContext context, CompileOptions compile, CancellationToken cancellation)
    {
        string place = parse.GetRequiredValue(output);
        StampPlace? stampPlace = parse.GetValue(stamp) is { } file ? new StampPlace(file, parse.GetValue(stampKey) ?? "", Words(parse)) : null;
        var job = new CompileJob(compile, place, stampPlace, Measures(parse), language.Limits(parse));
        CompileResult? result = await job.RunAsync(context, cancellation);
        if (context.Json)
        {
            string report = result is null
                ? await File.ReadAllTextAsync(Path.Combine(place, ReportJson.FileName), cancellation)
                : ReportJson.Write(result.Report);
            await context.Output.WriteAsync(report.AsMemory(), CancellationToken.None);
        }
        else if (result is null)
        {
            await context.Output.WriteLineAsync($"{place} is up to date");
        }
        else
        {
            Print(CommandContext.ConsoleOn(context.Output), result.Report, place);
        }

        return ExitCode.Ok;
    }

    /// <summary>Mistakes in the inputs are said and waited out; Ctrl-C is the way to end, so it exits 0.</summary>
    private async Task<int> WatchAsync(ParseResult parse, CommandContext context, CompileOptions compile, CancellationToken cancellation)
    {
        if (context.Json)
        {
            throw new DiagnosticException("MCU1403", "--watch prints a result after every change, --json prints one document.", "--watch", "Leave one of them out.");
        }

        var changes = new InputWatch(() => CompileInputs.Of(compile));
        try
        {
            while (true)
            {
                changes.Remember();
                await CompileOnceAsync(parse, context, compile, cancellation);
                context.Say("mcu: waiting for changes; Ctrl-C ends");
                await changes.ChangedAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
    }

    private async Task CompileOnceAsync(ParseResult parse, CommandContext context, CompileOptions compile, CancellationToken cancellation)
    {
        try
        {
            await CompileAsync(parse, context, compile, cancellation);
        }
        catch (DiagnosticException mistake)
        {
            context.Report(mistake.Diagnostic);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Report(new Diagnostic("MCU0112", Severity.Error, e.Message));
        }

        context.ReportNotes();
    }

    private static void Print(IAnsiConsole console, CompileReport report, string place)
    {
        ReportTotals totals = report.Totals;
        console.WriteLine($"{report.Model.Name} for {report.Target}: {report.Layers.Length} layers, {Number(totals.Macs)} MACs");
        console.WriteLine($"arena {Number(totals.ArenaBytes)} bytes ({report.Plan.Proof}), weights {Number(totals.WeightBytes)} bytes, adapters {Number(totals.AdapterBytes)} bytes");
        if (totals.RemovedChannels > 0)
        {
            int layers = report.Layers.Count(layer => layer.RemovedChannels > 0);
            console.WriteLine($"dead channels removed: {Number(totals.RemovedChannels)} of the outputs of layers with weights, in {layers} of {report.Layers.Length} layers (--dead-channels keep leaves them in)");
        }

        if (report.Form is { } form)
        {
            string instructions = form.IlInstructions is null ? "" : $", {Number(form.IlInstructions)} IL instructions an inference";
            string time = form.Milliseconds is { } milliseconds ? string.Create(CultureInfo.InvariantCulture, $", {milliseconds:N1} ms at {form.NsPerIl} ns each") : "";
            console.WriteLine($"form {form.Name}: heap {Number(form.HeapBytes)} bytes{instructions}{time}");
            if (form.InteropAboveNsPerIl is { } advised)
            {
                console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"--form interop is advised above {advised:N1} ns an IL instruction, where an inference takes more than {form.MaxMilliseconds:N0} ms"));
            }

            if (form.Choice is not null)
            {
                console.WriteLine($"form {form.Name} because {form.Choice.Reason}");
            }
        }

        foreach (AdapterReport adapter in report.Adapters)
        {
            string modes = string.Join(", ", adapter.Layers.GroupBy(layer => layer.Mode).Select(group => $"{group.Count()} {group.Key}"));
            console.WriteLine(
                $"adapter {adapter.Index} {adapter.Name} ({string.Join(", ", adapter.Methods)}; {modes}): over the base {Number(adapter.FlashBytes)} bytes of flash, {Number(adapter.RamBytes)} of arena, {Number(adapter.ExtraMacs)} MACs");
        }

        if (report.Measured is { } measured)
        {
            console.WriteLine($"on {measured.On}: {Number(measured.Instructions)} instructions, stack {Number(measured.StackBytes)} bytes, code {Number(measured.CodeBytes)} bytes");
            foreach (AdapterMeasurement own in measured.Adapters)
            {
                console.WriteLine(
                    $"adapter {own.Index} over the base: {Number(own.ExtraInstructions)} instructions, {Number(own.ExtraStackBytes)} bytes of stack, {Number(own.ExtraCodeBytes)} bytes of code");
            }
        }

        console.WriteLine($"written to {place}; open {Path.Combine(place, "report.html")} for every layer");
    }

    private static string Number(long? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "uncounted";
}
