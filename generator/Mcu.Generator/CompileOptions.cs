using Mcu.Generator.Calibration;
using Mcu.Generator.Deltas;
using Mcu.Generator.Emit.Forms;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Int8;
using Mcu.Generator.Passes;
using Mcu.Generator.Planning;
using Mcu.Generator.Report;
using Mcu.Generator.Targets;

namespace Mcu.Generator;

/// <summary>What the compiler prefers where it has a choice.</summary>
public enum OptimizationGoal
{
    /// <summary>Fewest instructions.</summary>
    Speed,

    /// <summary>Smallest arena.</summary>
    Ram,

    /// <summary>Least flash for weights and adapters.</summary>
    Flash,
}

/// <summary>What happens to channels that cannot reach the output or are constant.</summary>
public enum DeadChannelChoice
{
    /// <summary>Removed, except where delta images may be attached, since these may need any channel.</summary>
    Auto,

    /// <summary>Removed; the ABI of delta images says which are there.</summary>
    Remove,

    /// <summary>Kept.</summary>
    Keep,
}

/// <summary>Everything that decides what a compilation gives; equal options and files give equal bytes.</summary>
public sealed record CompileOptions
{
    /// <summary>Base model, <c>.tflite</c> or <c>.onnx</c>.</summary>
    public required string BasePath { get; init; }

    /// <summary>HF PEFT folders in selection order.</summary>
    public IReadOnlyList<string> AdapterPaths { get; init; } = [];

    /// <summary>JSON file that maps modules to layers, or null.</summary>
    public string? AdapterMapPath { get; init; }

    public AdapterModeChoice AdapterMode { get; init; }

    /// <summary>What happens to low-rank branches that stand in the base's own graph; lifted ones are the adapter of index 1.</summary>
    public GraphLoraMode GraphLora { get; init; }

    public required TargetDescription Target { get; init; }

    public OptimizationGoal Optimize { get; init; }

    /// <summary>Samples in the model's input type; needed where a float base becomes int8.</summary>
    public string? CalibrationPath { get; init; }

    public CalibrationMethod CalibrationMethod { get; init; } = CalibrationMethod.MinMax;

    /// <summary>Delta images that the firmware can attach, and room for their low-rank terms.</summary>
    public DeltaSupport Deltas { get; init; } = DeltaSupport.None;

    /// <summary>Whether channels that are dead in the compiled network are removed.</summary>
    public DeadChannelChoice DeadChannels { get; init; }

    /// <summary>Managed code for .NET nanoFramework instead of C; null for C.</summary>
    public NanoOptions? Nano { get; init; }

    /// <summary>Name of the network in C; null for the file's.</summary>
    public string? Name { get; init; }

    /// <summary>Most arena bytes; null for no limit.</summary>
    public long? BudgetRam { get; init; }

    /// <summary>Most bytes of weights and adapters; null for no limit.</summary>
    public long? BudgetFlash { get; init; }

    /// <summary>Build systems whose files the output folder holds, beside CMake's.</summary>
    public IReadOnlyCollection<BuildForm> Forms { get; init; } = [];

    /// <summary>Figures of emulated firmware for the report; null for none.</summary>
    public ReportMeasurement? Measured { get; init; }

    public PlannerOptions Planner { get; init; } = PlannerOptions.Default;

    /// <summary>Called with a stage's name and the graph after each pass that changed it; null for none.</summary>
    public Action<string, Graphs.Graph>? Dump { get; init; }
}
