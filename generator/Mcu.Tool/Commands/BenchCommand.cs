using System.CommandLine;
using Mcu.Emulation;
using Mcu.Emulation.Benchmarks;
using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Managed.NanoClr;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Int8;
using Mcu.Generator.Targets;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands;

/// <summary><c>mcu bench</c>: models on targets, beside a baseline.</summary>
internal sealed class BenchCommand : ToolCommand
{
    private readonly Argument<string[]> models = new("BASE")
    {
        Description = "Base models, .tflite or .onnx.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string[]> on = new("--on")
    {
        Description = "Target to measure on, such as cortex-m4, qemu:cortex-m4 or renode:cortex-m4; may be given several times (default cortex-m4).",
        HelpName = "TARGET",
    };

    private readonly Option<string?> baseline = new("--baseline")
    {
        Description = "JSON file with another runtime's measurements, matched by model name and core.",
        HelpName = "FILE",
    };

    private readonly Option<int> samples = new("--samples")
    {
        Description = "Generated inputs to run; the median counts (default 1).",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<int> adapterIndex = new("--adapter-index")
    {
        Description = "Active adapter: 0 is none (default), 1 the first given.",
        HelpName = "N",
    };

    private readonly Option<bool> perAdapter = new("--adapters")
    {
        Description = "Measure each --adapter in a firmware of its own, over the base's: flash, memory, multiply-accumulates, instructions.",
    };

    private readonly Option<int?> methods = new("--methods")
    {
        Description = "The same for sample adapters of every method, LoRA and DoRA of rank R: what a method would cost on this network.",
        HelpName = "R",
    };

    private readonly Option<BenchLanguage> language = Choice.Of(
        "--lang",
        "What to measure: C on targets, or C# in IL instructions per layer, beside plain loops",
        ("c", BenchLanguage.C),
        ("nanoframework", BenchLanguage.NanoFramework));

    private readonly Option<bool> markdown = new("--markdown") { Description = "Print the table as Markdown." };

    private readonly ModelOptions options = new();

    public BenchCommand(GlobalOptions global)
        : base(
            "bench",
            "Measure models on emulated targets: executed instructions, arena, stack, code and weights, beside a baseline.",
            global,
            new Example("mcu bench kws_int8.tflite vww_int8.tflite --on cortex-m4 --on cortex-m7", "Two models on two cores."),
            new Example("mcu bench kws_int8.tflite --baseline tflm.json --markdown", "Beside another runtime, as a Markdown table."),
            new Example("mcu bench kws_int8.tflite --methods 4", "What each method of adapters costs over the base."),
            new Example("mcu bench kws_int8.tflite --lang nanoframework", "C# for nanoFramework, layer by layer, beside plain loops."))
    {
        Arguments.Add(models);
        Options.Add(on);
        Options.Add(baseline);
        Options.Add(samples);
        Options.Add(adapterIndex);
        Options.Add(perAdapter);
        Options.Add(methods);
        Options.Add(language);
        Options.Add(markdown);
        samples.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 10_000)
            {
                result.AddError("--samples must be from 1 to 10000.");
            }
        });
        options.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        if (parse.GetValue(language) == BenchLanguage.NanoFramework)
        {
            return await RunManagedAsync(parse, context, cancellation);
        }

        ExecutionPlace[] places = [.. Places(parse, context.Targets)];
        if (parse.GetValue(perAdapter) || parse.GetValue(methods) is not null)
        {
            return await RunAdaptersAsync(parse, context, places, cancellation);
        }

        string? file = parse.GetValue(baseline);
        var benchmark = new Benchmark(new ToolProbe(), file is null ? null : Baseline.Read(file));
        BenchRow[] rows = await WorkDisplay.RunAsync(context, "bench", stage => MeasureAsync(parse, context, benchmark, places, stage, cancellation));
        BenchTable table = BenchTable.Of(rows);
        Print(parse, context, new BenchDocument(rows, [], []), table);
        return ExitCode.Ok;
    }

    private void Print(ParseResult parse, CommandContext context, BenchDocument document, BenchTable table) => context.Result(document, console =>
    {
        if (parse.GetValue(markdown))
        {
            context.Output.Write(table.Markdown());
        }
        else
        {
            console.Write(table.Console());
        }
    });

    /// <summary>MCU0115 for another emulator, MCU0137 for a rank that no method has, or where there is nothing to measure.</summary>
    private async Task<int> RunAdaptersAsync(ParseResult parse, CommandContext context, ExecutionPlace[] places, CancellationToken cancellation)
    {
        if (Array.Find(places, place => place.Emulator != ExecutionPlace.Qemu) is { } other)
        {
            throw new DiagnosticException("MCU0115", $"Adapters are measured in QEMU, not on '{other}'.", "--on", "Give qemu:TARGET.");
        }

        int rank = parse.GetValue(methods) ?? 0;
        bool hasAdapters = options.HasAdapters(parse);
        if (parse.GetValue(methods) is < 1 or > SidePathBuilder.LargestRank || (rank == 0 && !hasAdapters))
        {
            throw new DiagnosticException("MCU0137", $"There is no adapter to measure, or the rank is not 1 to {SidePathBuilder.LargestRank}.", "--adapters, --methods", "Give --adapter, or --methods 4.");
        }

        var benchmark = new AdapterBenchmark(new ToolProbe(), parse.GetValue(samples), rank);
        AdapterBenchRow[] rows = await WorkDisplay.RunAsync(context, "bench", async stage =>
        {
            List<AdapterBenchRow> all = [];
            foreach (string model in parse.GetRequiredValue(models))
            {
                foreach (TargetDescription target in places.Select(place => place.Target!))
                {
                    stage($"{Path.GetFileName(model)} on {target.Name}");
                    all.AddRange(await benchmark.RunAsync(options.Read(parse, context, model, target), !options.HasAdapterMode(parse), context.Notes, cancellation));
                }
            }

            return all.ToArray();
        });
        Print(parse, context, new BenchDocument([], rows, []), AdapterBenchTable.Of(rows));
        return ExitCode.Ok;
    }

    /// <summary>MCU1500 for an option that measures firmware, MCU0115 for a place that runs no C#.</summary>
    private async Task<int> RunManagedAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        if (new Option[] { baseline, adapterIndex, perAdapter, methods }.FirstOrDefault(o => parse.GetResult(o) is { Implicit: false }) is { } unused)
        {
            throw new DiagnosticException("MCU1500", $"{unused.Name} has no effect on the benchmark of C#.", unused.Name, "Leave it out.");
        }

        string[] given = parse.GetValue(on) ?? [];
        if (given.FirstOrDefault(place => place is not ("managed" or "nanoclr")) is { } other)
        {
            throw new DiagnosticException("MCU0115", $"C# is not measured on '{other}'.", "--on", "Use managed or nanoclr.");
        }

        NanoClrTools? tools = given.Contains("nanoclr", StringComparer.Ordinal) ? NanoClrTools.Find() : null;

        ManagedBenchRow[] rows = await WorkDisplay.RunAsync(context, "bench", async stage =>
        {
            List<ManagedBenchRow> all = [];
            foreach (string model in parse.GetRequiredValue(models))
            {
                stage(Path.GetFileName(model));
                all.Add(await ManagedBenchmark.RunAsync(options.Read(parse, context, model), parse.GetValue(samples), tools, context.Notes, cancellation));
            }

            return all.ToArray();
        });
        Print(parse, context, new BenchDocument([], [], rows), ManagedBenchTable.Of(rows));
        return ExitCode.Ok;
    }

    private async Task<BenchRow[]> MeasureAsync(
        ParseResult parse, CommandContext context, Benchmark benchmark, ExecutionPlace[] places, Action<string> stage, CancellationToken cancellation)
    {
        List<BenchRow> rows = [];
        foreach (string model in parse.GetRequiredValue(models))
        {
            foreach (ExecutionPlace place in places)
            {
                stage($"{Path.GetFileName(model)} on {place.Target!.Name}");
                CompileOptions compile = options.Read(parse, context, model, place.Target);
                rows.Add(await benchmark.RunAsync(compile, place, parse.GetValue(samples), parse.GetValue(adapterIndex), context.Notes, cancellation));
            }
        }

        return [.. rows];
    }

    /// <summary>Targets by name or as for the other commands; <c>--target</c> gives one too.</summary>
    private IEnumerable<ExecutionPlace> Places(ParseResult parse, TargetCatalog catalog)
    {
        string[] given = parse.GetValue(on) ?? [];
        return (given.Length > 0 ? given : [options.TargetName(parse)]).Select(name =>
            name.Contains(':', StringComparison.Ordinal)
                ? ExecutionPlace.Parse(name, catalog)
                : new ExecutionPlace(ExecutionForm.Firmware, catalog.Get(name)));
    }

    /// <summary>A boolean option would take no word.</summary>
    private enum BenchLanguage
    {
        C,
        NanoFramework,
    }

    private sealed record BenchDocument(IReadOnlyList<BenchRow> Rows, IReadOnlyList<AdapterBenchRow> Adapters, IReadOnlyList<ManagedBenchRow> Managed);
}
