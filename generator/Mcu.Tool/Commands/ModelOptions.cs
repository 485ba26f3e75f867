using System.CommandLine;
using System.CommandLine.Completions;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Calibration;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Int8;
using Mcu.Generator.Passes;
using Mcu.Generator.Targets;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands;

/// <summary>The options that say how a base becomes firmware; shared by every command that takes a base.</summary>
internal sealed class ModelOptions
{
    private const string DefaultTarget = "cortex-m4";

    private readonly Option<string[]> adapters = new("--adapter")
    {
        Description = "Adapter: HF PEFT folder, .npz, .onnx_adapter, .mcud, or a fine-tuned .onnx or .tflite; may be given several times, the first has index 1.",
        HelpName = "DIR",
    };

    private readonly Option<string?> adapterMap = new("--adapter-map")
    {
        Description = "JSON file that maps adapter modules to layers or initializers of the base.",
        HelpName = "FILE",
    };

    private readonly Option<AdapterModeChoice> adapterMode = Choice.Of(
        "--adapter-mode",
        "Merge adapters into the weights, keep them beside, or choose per layer what takes less flash",
        ("auto", AdapterModeChoice.Auto),
        ("merge", AdapterModeChoice.Merge),
        ("side", AdapterModeChoice.Side));

    private readonly Option<GraphLoraMode> graphLora = GraphLora();

    private readonly Option<string?> target = new("--target")
    {
        Description = $"Target to generate code for; see 'mcu targets' (default {DefaultTarget}, or what --on implies).",
        HelpName = "NAME",
        CompletionSources = { _ => TargetCatalog.Load().Targets.Select(known => new CompletionItem(known.Name)) },
    };

    private readonly Option<OptimizationGoal> optimize = Choice.Of(
        "--optimize",
        "What to prefer where there is a choice",
        ("speed", OptimizationGoal.Speed),
        ("ram", OptimizationGoal.Ram),
        ("flash", OptimizationGoal.Flash));

    private readonly Option<string?> calibration = new("--calibration")
    {
        Description = "Samples in the model's input type (.npy, .npz or raw); needed where a float base becomes int8.",
        HelpName = "FILE",
    };

    private readonly Option<CalibrationMethod> calibrationMethod = Choice.Of(
        "--calibration-method",
        "How activation ranges are chosen",
        ("min-max", CalibrationMethod.MinMax),
        ("percentile", CalibrationMethod.Percentile),
        ("mse", CalibrationMethod.Mse));

    private readonly Option<string?> name = new("--name")
    {
        Description = "Name of the network; its C identifiers start with it (default: the base's file name).",
        HelpName = "ID",
    };

    private readonly Option<long?> budgetRam = new("--budget-ram")
    {
        Description = "Exit 2 when the arena needs more bytes; K and M may follow the number.",
        HelpName = "N",
        CustomParser = ByteCount.Parse,
    };

    private readonly Option<long?> budgetFlash = new("--budget-flash")
    {
        Description = "Exit 2 when weights and adapters need more bytes; K and M may follow the number.",
        HelpName = "N",
        CustomParser = ByteCount.Parse,
    };

    private readonly Option<int> deltas = new("--deltas")
    {
        Description = "How many delta images (.mcud) the firmware can attach at once, 0 to 8 (default 0).",
        HelpName = "N",
    };

    private readonly Option<int> deltaRank = new("--delta-rank")
    {
        Description = $"Scratch memory for the low-rank terms of attached images: rows per layer, 1 to 255 (default {DeltaSupport.UsualRank}).",
        HelpName = "R",
        DefaultValueFactory = _ => DeltaSupport.UsualRank,
    };

    private readonly Option<long?> deltaCache = new("--delta-cache")
    {
        Description = "RAM beside the arena in which firmware merges layers with sparse differences while images are active (default none); K and M may follow the number.",
        HelpName = "N",
        CustomParser = ByteCount.Parse,
    };

    private readonly Option<DeadChannelChoice> deadChannels = Choice.Of(
        "--dead-channels",
        "Channels that cannot reach the output or are constant: remove them, keep them, or remove them unless --deltas is given; on images, whatever these were packed for",
        ("auto", DeadChannelChoice.Auto),
        ("remove", DeadChannelChoice.Remove),
        ("keep", DeadChannelChoice.Keep));

    private readonly Option<bool> dump = new("--dump")
    {
        Description = "Print the graph after each pass on stderr.",
    };

    public IReadOnlyList<Option> All =>
        [adapters, adapterMap, adapterMode, graphLora, target, optimize, calibration, calibrationMethod, name, budgetRam, budgetFlash, deltas, deltaRank, deltaCache, deadChannels, dump];

    /// <summary>What happens to low-rank branches in the base's own graph.</summary>
    public static Option<GraphLoraMode> GraphLora() => Choice.Of(
        "--graph-lora",
        "LoRA branches that stand in the base's graph: run them as written, merge them into the weights, or lift them out as adapter 1",
        ("run", GraphLoraMode.Run),
        ("merge", GraphLoraMode.Merge),
        ("lift", GraphLoraMode.Lift));

    public void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The options that decide a base's int8 numbers and channels alone, for commands that emit and run nothing.</summary>
    public void AddCalibrationTo(Command command)
    {
        command.Options.Add(calibration);
        command.Options.Add(calibrationMethod);
        command.Options.Add(deadChannels);
    }

    /// <summary>The options for a base whose int8 numbers alone are wanted; goes with <see cref="AddCalibrationTo"/>.</summary>
    public CompileOptions ReadCalibration(ParseResult parse, CommandContext context, string basePath) => new()
    {
        BasePath = basePath,
        Target = context.Targets.Get(DefaultTarget),
        CalibrationPath = parse.GetValue(calibration),
        CalibrationMethod = parse.GetValue(calibrationMethod),
        DeadChannels = parse.GetValue(deadChannels),
    };

    /// <summary>Whether <c>--adapter</c> was given.</summary>
    public bool HasAdapters(ParseResult parse) => parse.GetValue(adapters) is { Length: > 0 };

    /// <summary>Whether <c>--adapter-mode</c> was given.</summary>
    public bool HasAdapterMode(ParseResult parse) => parse.GetResult(adapterMode) is { Implicit: false };

    /// <summary>The target that is asked for, or the usual one.</summary>
    public string TargetName(ParseResult parse) => parse.GetValue(target) ?? DefaultTarget;

    /// <summary>The options for a base that is not run, or run without being emitted.</summary>
    public CompileOptions Read(ParseResult parse, CommandContext context, string basePath) =>
        Read(parse, context, basePath, context.Targets.Get(TargetName(parse)));

    /// <summary>The options for a base that runs at a place, which implies the target; MCU0119 when <c>--target</c> says otherwise.</summary>
    public CompileOptions Read(ParseResult parse, CommandContext context, string basePath, ExecutionPlace place)
    {
        if (place.Target is null)
        {
            return Read(parse, context, basePath);
        }

        string? given = parse.GetValue(target);
        return given is null || given == place.Target.Name
            ? Read(parse, context, basePath, place.Target)
            : throw new DiagnosticException("MCU0119", $"--on {place} runs code for {place.Target.Name}, but --target is {given}.", "--target", "Leave --target out.");
    }

    /// <summary>The options for one of several targets, which the command has chosen.</summary>
    public CompileOptions Read(ParseResult parse, CommandContext context, string basePath, TargetDescription chosen) => new()
    {
        BasePath = basePath,
        AdapterPaths = parse.GetValue(adapters) ?? [],
        AdapterMapPath = parse.GetValue(adapterMap),
        AdapterMode = parse.GetValue(adapterMode),
        GraphLora = parse.GetValue(graphLora),
        Target = chosen,
        Optimize = parse.GetValue(optimize),
        CalibrationPath = parse.GetValue(calibration),
        CalibrationMethod = parse.GetValue(calibrationMethod),
        Name = NameOf(parse),
        BudgetRam = parse.GetValue(budgetRam),
        BudgetFlash = parse.GetValue(budgetFlash),
        Deltas = Support(parse),
        DeadChannels = parse.GetValue(deadChannels),
        Dump = parse.GetValue(dump) ? (stage, graph) => context.Error.Write($"== {stage}\n{GraphDump.Text(graph)}") : null,
    };

    /// <summary>MCU0138 for a name without a letter or digit, of which no identifier can be made.</summary>
    private string? NameOf(ParseResult parse)
    {
        string? given = parse.GetValue(name);
        return given is null || given.Any(char.IsAsciiLetterOrDigit)
            ? given
            : throw new DiagnosticException("MCU0138", "The name of the network has no letter or digit.", "--name", "Give a name such as kws, or leave --name out.");
    }

    /// <summary>MCU0135 for numbers out of range.</summary>
    private DeltaSupport Support(ParseResult parse)
    {
        (int images, int rank) = (parse.GetValue(deltas), parse.GetValue(deltaRank));
        long cache = parse.GetValue(deltaCache) ?? 0;
        if (cache > DeltaSupport.MostCacheBytes || (cache > 0 && images == 0))
        {
            throw new DiagnosticException("MCU0135", "A cache of merged layers takes up to 1 GiB and needs --deltas.", "--delta-cache", "Give --deltas N too; a useful cache holds the weights of the layers that change.");
        }

        return images is >= 0 and <= DeltaSupport.MostImages && rank is > 0 and <= DeltaSupport.LargestRank
            ? new DeltaSupport(images, rank) { CacheBytes = (int)(cache + 7) & ~7 }
            : throw new DiagnosticException("MCU0135", $"Firmware takes 0 to {DeltaSupport.MostImages} delta images at once, of rank 1 to {DeltaSupport.LargestRank}.", "--deltas, --delta-rank");
    }

    /// <summary>MCU0139 when an option was given that a compiled folder has no use for.</summary>
    public void RefuseFor(ParseResult parse, string folder)
    {
        foreach (Option option in All)
        {
            RefuseFor(option, parse, folder);
        }
    }

    /// <summary>MCU0139 when this option was given.</summary>
    public static void RefuseFor(Option option, ParseResult parse, string folder)
    {
        if (parse.GetResult(option) is { Implicit: false })
        {
            throw new DiagnosticException("MCU0139", $"{option.Name} has no effect on a folder that is no base model.", folder, "Give the base model instead, or leave the option out.");
        }
    }
}
