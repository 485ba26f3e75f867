using Mcu.Emulation.Managed;
using Mcu.Emulation.Managed.NanoClr;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Int8;
using Mcu.Generator.Report;

namespace Mcu.Emulation.Evaluation;

/// <summary>
/// A model given by the user (a base with adapters, or a compiled folder), ready to run in one form, and what its files of
/// samples hold. Disposing removes sources that were emitted only to be run.
/// </summary>
public sealed class ModelSession : IDisposable
{
    private readonly DirectoryInfo? temporary;

    private ModelSession(IModelRunner runner, Tensor fileInput, Tensor fileOutput, IReadOnlyList<string> adapters, DirectoryInfo? temporary)
    {
        Runner = runner;
        FileInput = fileInput;
        FileOutput = fileOutput;
        Adapters = adapters;
        this.temporary = temporary;
    }

    public IModelRunner Runner { get; }

    /// <summary>The input of the model as given; files of samples hold its type.</summary>
    public Tensor FileInput { get; }

    /// <summary>The output of the model as given; files of outputs hold its type.</summary>
    public Tensor FileOutput { get; }

    /// <summary>Names by index minus one.</summary>
    public IReadOnlyList<string> Adapters { get; }

    /// <summary>The report of the compilation; null for a compiled folder and for <c>float</c> and <c>reference</c>.</summary>
    public CompileReport? Report { get; private init; }

    /// <summary>
    /// Opens a compiled folder, which runs as firmware only: MCU0116 otherwise, MCU1080 to 1083 when it is damaged.
    /// </summary>
    public static ModelSession OpenFolder(string folder, ExecutionPlace place, ToolProbe tools)
    {
        if (place.Form is ExecutionForm.Float or ExecutionForm.Reference)
        {
            throw new DiagnosticException("MCU0116", $"A compiled folder cannot be run on '{place}'.", folder, "Give the base model instead; a folder of C runs on host and emulators, one of C# on managed and nanoclr.");
        }

        EmittedManifest manifest = EmittedManifest.Load(folder);
        IModelRunner runner = place.Form switch
        {
            ExecutionForm.Firmware => new FirmwareModelRunner(folder, place.Target!, tools, place.CreateRunner(tools)),
            ExecutionForm.Managed when manifest.Language is not null => new ManagedRunner(ManagedFolder.Read(folder, manifest), manifest),
            ExecutionForm.NanoClr when manifest.Language is not null => new NanoClrRunner(ManagedFolder.Read(folder, manifest), manifest, NanoClrTools.Find()),
            _ => throw new DiagnosticException("MCU0116", $"A folder of C cannot be run on '{place}'.", folder, "Use --on host or an emulator, or compile with --lang nanoframework."),
        };
        return new ModelSession(runner, runner.Input, runner.Output, [.. manifest.Adapters.Skip(1).Select(a => a.Name)], null);
    }

    /// <summary>Opens a base with its adapters and makes of it what the place needs; all of the compiler's diagnostics.</summary>
    public static ModelSession OpenBase(
        CompileOptions options, ExecutionPlace place, ToolProbe tools, DiagnosticBag notes, Pipeline.Progress? progress, CancellationToken cancellation) =>
        place.Form switch
        {
            ExecutionForm.Firmware => OpenFirmware(options, place, tools, notes, progress, cancellation),
            ExecutionForm.Managed or ExecutionForm.NanoClr => OpenManaged(options, place, notes, progress, cancellation),
            _ => OpenReference(options, place.Form, notes, progress, cancellation),
        };

    /// <summary>Samples of a file in the type of <see cref="FileInput"/>, or int8 data with parameters of its own.</summary>
    /// <returns>Samples back to back in the type of the runner's input.</returns>
    public byte[] ReadSamples(string path, Quantization? data = null)
    {
        DataType type = data is null ? FileInput.Type : DataType.Int8;
        IReadOnlyList<TensorValue> samples = SampleFile.Read(path, FileInput.Shape, type, FileInput.Name);
        return SampleConversion.ToInput(samples, data, Runner.Input);
    }

    /// <summary>Outputs of the runner in the type of <see cref="FileOutput"/>.</summary>
    public byte[] ToFile(byte[] outputs) => SampleConversion.FromOutput(outputs, Runner.Output, FileOutput);

    public void Dispose()
    {
        (Runner as IDisposable)?.Dispose();
        if (temporary is { Exists: true })
        {
            temporary.Delete(recursive: true);
        }
    }

    private static ModelSession OpenFirmware(
        CompileOptions options, ExecutionPlace place, ToolProbe tools, DiagnosticBag notes, Pipeline.Progress? progress, CancellationToken cancellation)
    {
        return OpenResult(Pipeline.Compile(options, notes, progress, cancellation), place, tools);
    }

    /// <summary>Opens what a compilation made, as firmware.</summary>
    public static ModelSession OpenResult(CompileResult result, ExecutionPlace place, ToolProbe tools)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("mcu-");
        try
        {
            EmittedFiles.Write(result.Files, folder.FullName);
            Graph asRead = result.Loaded.AsRead;
            return new ModelSession(
                new FirmwareModelRunner(folder.FullName, place.Target!, tools, place.CreateRunner(tools)), InputOf(asRead), OutputOf(asRead), NamesOf(result.Loaded), folder)
            {
                Report = result.Report,
            };
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }
    }

    private static ModelSession OpenManaged(CompileOptions options, ExecutionPlace place, DiagnosticBag notes, Pipeline.Progress? progress, CancellationToken cancellation)
    {
        CompileResult result = Pipeline.Compile(options with { Nano = options.Nano ?? NanoOptions.Default with { PackWeights = options.Optimize == OptimizationGoal.Speed } }, notes, progress, cancellation);
        Graph asRead = result.Loaded.AsRead;
        IModelRunner runner = place.Form == ExecutionForm.Managed ? new ManagedRunner(result.Nano!, result.Manifest) : new NanoClrRunner(result.Nano!, result.Manifest, NanoClrTools.Find());
        return new ModelSession(runner, InputOf(asRead), OutputOf(asRead), NamesOf(result.Loaded), null) { Report = result.Report };
    }

    private static ModelSession OpenReference(
        CompileOptions options, ExecutionForm form, DiagnosticBag notes, Pipeline.Progress? progress, CancellationToken cancellation)
    {
        LoadedModel loaded = Pipeline.Load(options, notes);
        return new ModelSession(Runner(), InputOf(loaded.AsRead), OutputOf(loaded.AsRead), NamesOf(loaded), null);

        IModelRunner Runner()
        {
            if (form == ExecutionForm.Reference)
            {
                return new ReferenceRunner(Pipeline.WithoutDeadChannels(Pipeline.Quantize(loaded, options, notes, progress, cancellation), options));
            }

            return loaded.Canonical.IsInt8
                ? throw new DiagnosticException("MCU0117", "The base is an int8 network and has no float form.", options.BasePath, "Use --on reference, host or an emulator.")
                : new FloatRunner(loaded.Canonical, loaded.Adapters);
        }
    }

    private static Tensor InputOf(Graph graph) => Single(graph, graph.Inputs, "input");

    private static Tensor OutputOf(Graph graph) => Single(graph, graph.Outputs, "output");

    private static Tensor Single(Graph graph, EquatableArray<string> names, string what) => names.Length == 1
        ? graph[names[0]]
        : throw new DiagnosticException("MCU0118", $"The network has {names.Length} {what}s; it can be run with one.", graph.Source.FileName, $"Export it with one {what}.");

    private static string[] NamesOf(LoadedModel loaded) => [.. loaded.Adapters.Select(a => a.Name)];
}
