using System.CommandLine;
using Mcu.Emulation;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands;

/// <summary>What <c>run</c> and <c>eval</c> share: a model or compiled folder, where it runs, and the adapter that is active.</summary>
internal sealed class ExecutionOptions
{
    private readonly Argument<string> model = new("MODEL") { Description = "Base model (.tflite, .onnx), or a folder that 'mcu compile' wrote." };

    private readonly Option<string> on = new("--on")
    {
        Description = "float (the graph as read), reference (C# int8), managed (C# for nanoFramework, on .NET), nanoclr (the same on its interpreter, which NANOCLR names), host (emitted C), qemu:TARGET or renode:TARGET.",
        HelpName = "PLACE",
        Required = true,
    };

    private readonly Option<int?> adapterIndex = new("--adapter-index")
    {
        Description = "Active adapter: 0 is none, 1 the first given. A base with exactly one --adapter has it active if this is left out.",
        HelpName = "N",
    };

    private readonly Option<string[]> delta = new("--delta")
    {
        Description = "Delta image (.mcud) to attach to firmware or managed code; may be given several times, in order. The model must be compiled with --deltas.",
        HelpName = "FILE",
    };

    private readonly ModelOptions options = new();

    public void AddTo(Command command)
    {
        command.Arguments.Add(model);
        command.Options.Add(on);
        command.Options.Add(adapterIndex);
        command.Options.Add(delta);
        options.AddTo(command);
    }

    /// <summary>Opens the model: reads or compiles it. Firmware is built when it first runs.</summary>
    public async Task<OpenedModel> OpenAsync(ParseResult parse, CommandContext context, Action<string> stage, CancellationToken cancellation)
    {
        string path = parse.GetRequiredValue(model);
        ExecutionPlace place = ExecutionPlace.Parse(parse.GetRequiredValue(on), context.Targets);
        bool isFolder = Directory.Exists(path);
        Func<ModelSession> open = isFolder ? FolderOf(parse, path, place) : BaseOf(parse, context, path, place, stage, cancellation);
        ReadOnlyMemory<byte>[] images = [.. (parse.GetValue(delta) ?? []).Select(file => (ReadOnlyMemory<byte>)InputFile.ReadAll(file, DeltaFormat.MaxFileBytes))];
        ModelSession session = await Task.Run(open, cancellation);
        Attach(session, images);
        int active = parse.GetValue(adapterIndex) ?? (!isFolder && session.Adapters.Count == 1 ? 1 : 0);
        return new OpenedModel(path, place, session, active);
    }

    /// <summary>MCU0136 where the model does not run as a device's code.</summary>
    private static void Attach(ModelSession session, ReadOnlyMemory<byte>[] images)
    {
        if (images.Length == 0)
        {
            return;
        }

        if (session.Runner is not IDeltaRunner device)
        {
            session.Dispose();
            throw new DiagnosticException("MCU0136", "Delta images are attached to firmware or managed code.", "--delta", "Use --on host, managed, nanoclr or an emulator, or give the image with --adapter.");
        }

        device.Deltas = images;
    }

    private Func<ModelSession> FolderOf(ParseResult parse, string path, ExecutionPlace place)
    {
        options.RefuseFor(parse, path);
        return () => ModelSession.OpenFolder(path, place, new ToolProbe());
    }

    private Func<ModelSession> BaseOf(
        ParseResult parse, CommandContext context, string path, ExecutionPlace place, Action<string> stage, CancellationToken cancellation)
    {
        CompileOptions compile = options.Read(parse, context, path, place);
        return () => ModelSession.OpenBase(compile, place, new ToolProbe(), context.Notes, (name, done) => stage(WorkDisplay.Stage(name, done)), cancellation);
    }
}

/// <summary>A model that is ready to run, and what the results call it.</summary>
/// <param name="AdapterIndex">The active adapter; 0 for none.</param>
internal sealed record OpenedModel(string Path, ExecutionPlace Place, ModelSession Session, int AdapterIndex) : IDisposable
{
    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path));

    /// <summary>Name of the target, or of the form where there is none.</summary>
    public string Target => Place.Target?.Name ?? Place.ToString();

    /// <summary>Name of the active adapter; null for none.</summary>
    public string? Adapter => AdapterIndex > 0 && AdapterIndex <= Session.Adapters.Count ? Session.Adapters[AdapterIndex - 1] : null;

    public void Dispose() => Session.Dispose();
}
