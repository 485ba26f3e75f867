using System.Security.Cryptography;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;

namespace Mcu.Emulation.Building;

/// <summary>An emitted folder as a build sees it.</summary>
internal sealed class EmittedSources
{
    private const int MaxFiles = 10_000;
    private const long MaxBytes = 1L << 30;

    private static readonly string[] DeltaFunctions = ["delta_attach", "delta_detach", "delta_select", "delta_self_test"];

    private static readonly string[] Extensions = [".c", ".h", ".inc", ".S"];

    public EmittedSources(string folder)
    {
        Folder = Path.GetFullPath(folder);
        Manifest = EmittedManifest.LoadC(Folder);
    }

    public string Folder { get; }

    public EmittedManifest Manifest { get; }

    public IEnumerable<string> SourcePaths => Manifest.Sources.Select(source => Path.Combine(Folder, source));

    public IEnumerable<string> PreprocessorFlags =>
        Manifest.IncludeDirs.Select(folder => "-I" + Path.GetFullPath(Path.Combine(Folder, folder)))
            .Concat(Manifest.CompileDefinitions.Select(definition => "-D" + definition));

    /// <summary>The public functions that firmware calls; all else is reached from them.</summary>
    public IEnumerable<string> PublicFunctions =>
        ((string[])["init", "adapter_select", "input", "output", .. Manifest.Deltas is null ? [] : DeltaFunctions, "run"]).Select(name => $"{Manifest.Prefix}_{name}");

    /// <summary>Text that changes when any file changes that a compilation could read.</summary>
    public IEnumerable<string> Fingerprint()
    {
        yield return Manifest.ToJson();
        foreach (string path in Files())
        {
            using FileStream stream = File.OpenRead(path);
            yield return Path.GetRelativePath(Folder, path);
            yield return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
    }

    private List<string> Files()
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Hidden,
        };
        var files = new List<string>();
        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(Folder).EnumerateFiles("*", options))
        {
            if (Extensions.Contains(file.Extension, StringComparer.Ordinal))
            {
                files.Add(file.FullName);
                bytes += file.Length;
                Require(files.Count <= MaxFiles && bytes <= MaxBytes);
            }
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private void Require(bool condition)
    {
        if (!condition)
        {
            throw new DiagnosticException(
                "MCU1082", "The folder holds more than 10,000 C files or 1 GiB of them.", Folder, "Give the folder that 'mcu compile -o' wrote.");
        }
    }
}
