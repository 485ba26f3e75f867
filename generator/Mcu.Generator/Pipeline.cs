using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Channels;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Emit.NanoFramework.Interop;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Passes;
using Mcu.Generator.Report;
using Mcu.Generator.Targets;

namespace Mcu.Generator;

/// <summary>A base and its adapters as read, canonical and bound.</summary>
/// <param name="AsRead">The graph as the file has it.</param>
/// <param name="Canonical">NHWC, folded; float or int8.</param>
/// <param name="Adapters">Bound to the canonical graph.</param>
public sealed record LoadedModel(Graph AsRead, Graph Canonical, EquatableArray<BoundAdapter> Adapters);

/// <summary>What a compilation gives.</summary>
/// <param name="Files">Text of every file of the output folder by path, manifest and reports included.</param>
public sealed record CompileResult(
    LoadedModel Loaded, Int8Model Model, CProgram Program, EmittedManifest Manifest, CompileReport Report, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>The network in C#; null where the output is C.</summary>
    public NanoEmission? Nano { get; init; }
}

/// <summary>The compiler on one page: files to graph, graph to int8, int8 to kernel calls with a memory plan, calls to C.</summary>
public static class Pipeline
{
    /// <summary>Stages as progress shows them.</summary>
    public delegate void Progress(string stage, double fraction);

    public static CompileResult Compile(CompileOptions options, DiagnosticBag notes, Progress? progress, CancellationToken cancellation)
    {
        progress?.Invoke("read", 0);
        LoadedModel loaded = Load(options, notes);
        Int8Model model = Quantize(loaded, options, notes, progress, cancellation);
        progress?.Invoke("plan", 0);
        CProgram program = Lower(model, options, notes, cancellation);
        progress?.Invoke("emit", 0);
        CompileResult result = Emit(loaded, program, options, notes, cancellation);
        Budgets.Check(result, options);
        return result;
    }

    /// <summary>Reads base and adapters, brings the base to canonical form and binds the adapters to it.</summary>
    public static LoadedModel Load(CompileOptions options, DiagnosticBag notes)
    {
        Graph asRead = ModelReader.ReadFile(options.BasePath, notes);
        options.Dump?.Invoke("read", asRead);
        CanonicalForm form = StandardPasses.Canonicalise(asRead, options.GraphLora, notes, options.Dump);
        IEnumerable<BoundAdapter> lifted = form.Lifted is null ? [] : [AdapterBinder.Bind(form.Lifted, form.Graph, null, notes)];
        return new LoadedModel(asRead, form.Graph, lifted.Concat(AdapterFiles.Bind(options, asRead, form, notes)).ToEquatableArray());
    }

    /// <summary>The int8 model with its adapters.</summary>
    public static Int8Model Quantize(LoadedModel loaded, CompileOptions options, DiagnosticBag notes, Progress? progress, CancellationToken cancellation)
    {
        QuantizedBase quantized = QuantizeBase(loaded, options, notes, progress, cancellation);
        return loaded.Adapters.Aggregate(quantized.Model, (model, adapter) => quantized.Add(model, adapter, options.AdapterMode, notes, cancellation));
    }

    /// <summary>The base alone in int8, to which adapters can be added; an int8 base keeps its own parameters.</summary>
    public static QuantizedBase QuantizeBase(LoadedModel loaded, CompileOptions options, DiagnosticBag notes, Progress? progress, CancellationToken cancellation)
    {
        Graph? floatGraph = loaded.Canonical.IsInt8 ? null : loaded.Canonical;
        BaseCalibration? calibration = floatGraph is null ? null : BaseCalibration.Run(floatGraph, options, notes, progress is null ? null : new StageProgress(progress, "calibrate"), cancellation);
        Graph graph = calibration is null ? loaded.Canonical : GraphQuantizer.Quantize(calibration.Base, calibration.Ranges);
        options.Dump?.Invoke("quantise", graph);
        if (floatGraph is null && options.CalibrationPath is not null)
        {
            notes.Warn("MCU0716", "The base is int8 and keeps its own quantisation; --calibration is not used.", loaded.AsRead.Source.FileName);
        }

        return new QuantizedBase(Int8Model.Prepare(graph), calibration);
    }

    /// <summary>The model without the channels that the options have removed.</summary>
    public static Int8Model WithoutDeadChannels(Int8Model model, CompileOptions options) => (options.DeadChannels, options.Deltas.IsOn) switch
    {
        (DeadChannelChoice.Keep, _) or (DeadChannelChoice.Auto, true) => model,
        (_, true) => DeadChannels.RemoveOfBase(model),
        _ => DeadChannels.Remove(model),
    };

    /// <summary>Kernel calls and a memory plan, with the kernels that the options prefer.</summary>
    public static CProgram Lower(Int8Model whole, CompileOptions options, DiagnosticBag notes, CancellationToken cancellation)
    {
        TargetLimits.Check(options);
        Int8Model model = WithoutDeadChannels(whole, options);
        CProgram portable() => CProgramBuilder.Build(model, KernelSet.Portable, options.Deltas, options.Planner, notes, cancellation);
        if (!options.Target.Isa.Dsp || options.Nano is { Form: NanoForm.Managed })
        {
            return portable();
        }

        CProgram fast = CProgramBuilder.Build(model, KernelSet.Dsp, options.Deltas, options.Planner, notes, cancellation);
        return options.Optimize switch
        {
            OptimizationGoal.Ram => Smaller(portable(), fast, p => p.ArenaBytes),
            OptimizationGoal.Flash => Smaller(portable(), fast, p => p.ConstantBytes),
            _ => fast,
        };
    }

    private static CProgram Smaller(CProgram a, CProgram b, Func<CProgram, long> size) => size(a) < size(b) ? a : b;

    /// <summary>Lowers and emits a model that is int8 already; budgets are not looked at.</summary>
    public static CompileResult Emit(LoadedModel loaded, Int8Model model, CompileOptions options, DiagnosticBag notes, CancellationToken cancellation) =>
        Emit(loaded, Lower(model, options, notes, cancellation), options, notes, cancellation);

    private static CompileResult Emit(LoadedModel loaded, CProgram program, CompileOptions options, DiagnosticBag notes, CancellationToken cancellation)
    {
        string name = options.Name ?? Path.GetFileNameWithoutExtension(options.BasePath);
        string prefix = CNames.Identifier(name);
        CEmission emission = CEmitter.Emit(program, prefix, options.Target.Name);
        TargetLimits.Check(emission, options);
        EmittedManifest c = ManifestBuilder.Build(program, emission, name, prefix, options.Target.Name);
        NanoEmission? nano = options.Nano?.Checked() switch
        {
            null => null,
            { Form: NanoForm.Interop } interop => InteropEmitter.Emit(program, emission, c, interop),
            { } managed => NanoEmitter.Emit(NanoProgram.Of(program), name, managed),
        };
        EmittedManifest manifest = ManifestBuilder.InCSharp(c, nano);
        CompileReport report = ReportBuilder.Build(program, emission, AdapterMemory.Of(program, options.Planner, cancellation), name, options.Target.Name, notes.Items) with { Measured = options.Measured, Form = nano is null ? null : FormReport.Of(nano, options.Nano!) };
        OutputFiles folder = OutputFiles.Of(program, emission, manifest, report, options.Forms, nano);
        return new CompileResult(loaded, program.Model, program, folder.Manifest, report, folder.Files) { Nano = nano };
    }

    private sealed class StageProgress(Progress progress, string stage) : IProgress<double>
    {
        public void Report(double value) => progress(stage, value);
    }
}
