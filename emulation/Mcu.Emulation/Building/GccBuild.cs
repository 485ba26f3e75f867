using System.Globalization;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Building;

/// <summary>One build in its own folder: compiles each file, links the firmware, links once more to measure.</summary>
internal sealed class GccBuild(string compiler, TargetDescription target, BuildOptions options, EmittedSources sources, string folder)
{
    private const string ObjectFolder = "objects";
    private const int MessageLines = 6;

    private static readonly string[] SectionFlags = ["-ffunction-sections", "-fdata-sections"];

    private string[] modelObjects = [];
    private string[] harnessObjects = [];

    /// <summary>Compiles all and links the firmware (MCU1020 to MCU1022).</summary>
    public async Task RunAsync(IReadOnlyDictionary<string, string> harness, string image, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.Combine(folder, ObjectFolder));
        foreach ((string name, string text) in harness)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, name), text, cancellation);
        }

        IEnumerable<string> harnessPaths = harness.Keys
            .Where(name => name.EndsWith(".c", StringComparison.Ordinal) || name.EndsWith(".S", StringComparison.Ordinal))
            .Select(name => Path.Combine(folder, name));
        modelObjects = await CompileAsync(sources.SourcePaths, "model", [.. options.ExtraCFlags], cancellation);
        harnessObjects = await CompileAsync(harnessPaths, "harness", ["-std=gnu11", .. options.ExtraCFlags], cancellation);
        await LinkAsync(image, cancellation);
    }

    /// <summary>Links the network alone, with the public functions as roots, and reads its sizes.</summary>
    public async Task<FirmwareSizes> MeasureAsync(CancellationToken cancellation)
    {
        string image = Path.Combine(folder, "sizes.elf");
        string[] how = target.IsHost
            ? ["-r", "-nostdlib", .. target.LinkFlags]
            : [.. target.CFlags, .. target.LinkFlags, "-nostartfiles", "-T", HarnessSources.SizesScript];
        string[] roots = [.. sources.PublicFunctions.Select(name => "-Wl,-u," + name)];
        string[] libraries = target.IsHost ? [] : ["-lm"];
        await LinkerAsync([.. how, "-Wl,--gc-sections", "-Wl,-e," + sources.PublicFunctions.Last(), .. roots, .. modelObjects, "-o", image, .. libraries], cancellation);
        FirmwareSizes sizes = SizeReader.Read(ElfFile.Read(image));
        File.Delete(image);
        return sizes;
    }

    public void DeleteObjects() => Directory.Delete(Path.Combine(folder, ObjectFolder), recursive: true);

    private async Task<string[]> CompileAsync(IEnumerable<string> paths, string kind, string[] flags, CancellationToken cancellation)
    {
        string[] inputs = [.. paths];
        string[] outputs = [.. inputs.Select((_, i) => Path.Combine(ObjectFolder, kind + i.ToString("d5", CultureInfo.InvariantCulture) + ".o"))];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation };
        await Parallel.ForAsync(0, inputs.Length, parallel, async (i, token) =>
        {
            string[] arguments = [.. target.CFlags, .. SectionFlags, .. sources.PreprocessorFlags, "-I.", .. flags, "-c", inputs[i], "-o", outputs[i]];
            ProcessOutcome outcome = await RunCompilerAsync(arguments, token);
            if (outcome.ExitCode != 0)
            {
                throw new DiagnosticException("MCU1020", "The source does not compile: " + Excerpt(outcome), Place(inputs[i]));
            }
        });
        return outputs;
    }

    private string Place(string path) =>
        path.StartsWith(sources.Folder, StringComparison.Ordinal) ? Path.GetRelativePath(sources.Folder, path) : Path.GetFileName(path);

    private async Task LinkAsync(string image, CancellationToken cancellation)
    {
        string[] how = target.IsHost ? ["-pthread"] : ["-nostartfiles", "-T", HarnessSources.LinkerScript];
        await LinkerAsync(
            [.. target.CFlags, .. options.ExtraCFlags, .. target.LinkFlags, .. how, "-Wl,--gc-sections", .. options.ExtraLinkFlags, .. modelObjects, .. harnessObjects, "-o", image, "-lm"],
            cancellation);
    }

    private async Task LinkerAsync(string[] arguments, CancellationToken cancellation)
    {
        ProcessOutcome outcome = await RunCompilerAsync(arguments, cancellation);
        if (outcome.ExitCode == 0)
        {
            return;
        }

        bool tooLarge = outcome.StandardError.Contains("will not fit in region", StringComparison.Ordinal)
            || outcome.StandardError.Contains("overflowed by", StringComparison.Ordinal);
        throw tooLarge
            ? new DiagnosticException("MCU1022", "The firmware does not fit the target's memory: " + Excerpt(outcome), $"target {target.Name}")
            : new DiagnosticException("MCU1021", "The firmware does not link: " + Excerpt(outcome), $"target {target.Name}");
    }

    private async Task<ProcessOutcome> RunCompilerAsync(string[] arguments, CancellationToken cancellation)
    {
        // A compiler that is killed leaves its temporary files: they go with the folder.
        var request = new ProcessRequest(compiler, arguments)
        {
            WorkingDirectory = folder,
            Environment = new Dictionary<string, string> { ["TMPDIR"] = folder },
        };
        ProcessOutcome? outcome = await ProcessRunner.RunAsync(request, cancellation);
        return outcome is { TimedOut: false }
            ? outcome
            : throw new DiagnosticException("MCU1020", "The compiler does not start, or does not end within ten minutes.", compiler);
    }

    /// <summary>The lines that name an error, without the folders they were found in.</summary>
    private string Excerpt(ProcessOutcome outcome)
    {
        string[] lines = outcome.StandardError
            .Replace(sources.Folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal)
            .Replace(folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] errors = [.. lines.Where(IsError)];
        return string.Join("; ", (errors.Length > 0 ? errors : lines).Take(MessageLines));
    }

    private static bool IsError(string line) =>
        line.Contains("error", StringComparison.Ordinal)
        || line.Contains("undefined reference", StringComparison.Ordinal)
        || line.Contains("overflowed by", StringComparison.Ordinal);
}
