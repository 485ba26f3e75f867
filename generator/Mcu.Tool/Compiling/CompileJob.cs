using Mcu.Emulation;
using Mcu.Emulation.Benchmarks;
using Mcu.Emulation.Managed;
using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Compiling;

/// <summary>One compilation from options to a folder, which is left alone where nothing changed.</summary>
/// <param name="options">What to compile.</param>
/// <param name="folder">Where to.</param>
/// <param name="stamp">What remembers inputs and outputs, or null.</param>
/// <param name="measure">Whether firmware runs for the report.</param>
/// <param name="limits">By what the form of C# is chosen; null where it is named.</param>
internal sealed class CompileJob(CompileOptions options, string folder, StampPlace? stamp, bool measure, FormLimits? limits)
{
    /// <summary>The folder's new report, or null when the inputs are those of the stamp and nothing was done.</summary>
    public async Task<CompileResult?> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (stamp is null)
        {
            return await CompileAsync(context, cancellation);
        }

        using FolderLock held = await FolderLock.TakeAsync(stamp.Path + ".lock", cancellation);
        var inputs = CompileStamp.Take(stamp, folder, options);
        if (inputs.IsCurrent())
        {
            inputs.Touch();
            return null;
        }

        CompileResult result = await CompileAsync(context, cancellation);
        inputs.Write([.. result.Files.Keys, .. result.Nano?.Binaries.Keys ?? []]);
        return result;
    }

    private async Task<CompileResult> CompileAsync(CommandContext context, CancellationToken cancellation)
    {
        using AtomicFolder work = AtomicFolder.Create(folder);
        CompileResult result = await WorkDisplay.RunAsync(
            context,
            "compile",
            stage => Task.Run(() => CompileAsync(context.Notes, stage, cancellation), cancellation));
        EmittedFiles.Write(result.Files, work.WorkPath);
        if (result.Nano is not null)
        {
            EmittedFiles.Write(result.Nano.Binaries, work.WorkPath);
        }

        cancellation.ThrowIfCancellationRequested();
        work.Commit();
        return result;
    }

    private async Task<CompileResult> CompileAsync(DiagnosticBag notes, Action<string> stage, CancellationToken cancellation)
    {
        CompileOptions complete = options;
        if (measure)
        {
            stage("measure");
            var benchmark = new AdapterBenchmark(new ToolProbe(), samples: 1, rank: 0);
            complete = options with { Measured = await benchmark.ReportAsync(options, name => stage($"measure {name}"), cancellation) };
        }

        void progress(string name, double done) => stage(WorkDisplay.Stage(name, done));
        if (limits is not null)
        {
            return new FormChooser(complete, limits, notes).Compile(progress, cancellation);
        }

        // Counting compiles and checks the managed form on the way.
        bool isManaged = complete.Nano is { Form: NanoForm.Managed };
        CompileResult result = Pipeline.Compile(isManaged ? complete with { Nano = complete.Nano! with { Count = ManagedCost.Count } } : complete, notes, progress, cancellation);
        if (result.Nano is not null && !isManaged)
        {
            ManagedVerifier.Compile(result.Nano);
        }

        return result;
    }
}
