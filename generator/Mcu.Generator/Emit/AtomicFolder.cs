using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Emit;

/// <summary>
/// An output folder that appears as a whole: files are written to <see cref="WorkPath"/>, a hidden sibling, and
/// <see cref="Commit"/> moves them into place. Disposed without a commit, nothing is left.
/// </summary>
/// <remarks>
/// A folder that an earlier run wrote (it has a manifest) is updated: its manifest goes first and the new one comes
/// last, so that a folder with a manifest is always whole; files whose content does not change are not touched, so that builds
/// need not compile them again; files the user added stay. Any other folder that is not empty is refused, so that nothing of the
/// user's is overwritten.
/// </remarks>
public sealed class AtomicFolder : IDisposable
{
    private readonly string given;
    private readonly string target;
    private bool committed;

    private AtomicFolder(string given)
    {
        this.given = given;
        // "out/" and "out" are one folder; a separator at the end would make the temporary's parent the folder itself.
        target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(given));
        WorkPath = Path.GetDirectoryName(target) is null ? "" : TemporaryName.Beside(target);
    }

    /// <summary>Where to write; exists and is empty at first.</summary>
    public string WorkPath { get; }

    /// <summary>
    /// Prepares to write a folder; its parents are created. Errors: MCU0110 the place cannot be written, MCU0111 the
    /// folder holds something that is not ours.
    /// </summary>
    public static AtomicFolder Create(string path)
    {
        var folder = new AtomicFolder(path);
        folder.CheckTarget();
        folder.Guard(() => Directory.CreateDirectory(folder.WorkPath));
        return folder;
    }

    /// <summary>Moves everything into place. MCU0110 when that fails.</summary>
    public void Commit()
    {
        Guard(() =>
        {
            if (Directory.Exists(target))
            {
                Update();
            }
            else
            {
                Directory.Move(WorkPath, target);
            }
        });
        committed = true;
        TemporaryName.TryDelete(WorkPath);
    }

    public void Dispose()
    {
        if (!committed && WorkPath.Length > 0)
        {
            TemporaryName.TryDelete(WorkPath);
        }
    }

    private void CheckTarget()
    {
        if (WorkPath.Length == 0 || File.Exists(target))
        {
            throw new DiagnosticException("MCU0110", "This cannot be an output folder.", given, "Name a new or empty folder.");
        }

        bool foreign = Directory.Exists(target)
            && !File.Exists(Path.Combine(target, EmittedManifest.FileName))
            && Directory.EnumerateFileSystemEntries(target).Any();
        if (foreign)
        {
            throw new DiagnosticException(
                "MCU0111", "The output folder is not empty and was not written by mcu.", given, "Name a new or empty folder.");
        }
    }

    private void Update()
    {
        List<string> files =
        [
            .. Directory.EnumerateFiles(WorkPath, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(WorkPath, file)),
        ];
        HashSet<string> old = FilesOfOldManifest();
        string[] stale = [.. old.Except(files, StringComparer.Ordinal)];
        string[] changed = [.. files.Where(file => !HaveSameContent(Path.Combine(WorkPath, file), Path.Combine(target, file)))];
        if (stale.Length == 0 && changed.Length == 0)
        {
            return;
        }

        bool isManifestKept = PutManifestAside(changed);
        foreach (string file in stale)
        {
            File.Delete(Path.Combine(target, file));
        }

        foreach (string file in changed.Concat(isManifestKept ? [EmittedManifest.FileName] : []).OrderBy(IsManifest))
        {
            string place = Path.Combine(target, file);
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.Move(Path.Combine(WorkPath, file), place, overwrite: true);
        }
    }

    /// <summary>The old manifest goes; where the new one is the same, it waits with its time to take its place again (true).</summary>
    private bool PutManifestAside(string[] changed)
    {
        string manifest = Path.Combine(target, EmittedManifest.FileName);
        if (changed.Any(IsManifest) || !File.Exists(manifest))
        {
            File.Delete(manifest);
            return false;
        }

        File.Move(manifest, Path.Combine(WorkPath, EmittedManifest.FileName), overwrite: true);
        return true;
    }

    private static bool HaveSameContent(string written, string there) =>
        File.Exists(there) && new FileInfo(written).Length == new FileInfo(there).Length && File.ReadAllBytes(written).AsSpan().SequenceEqual(File.ReadAllBytes(there));

    private static bool IsManifest(string file) => string.Equals(file, EmittedManifest.FileName, StringComparison.Ordinal);

    /// <summary>What the earlier run wrote; a manifest that cannot be read names nothing.</summary>
    private HashSet<string> FilesOfOldManifest()
    {
        try
        {
            EmittedManifest manifest = EmittedManifest.Load(target);
            return [.. manifest.Sources, manifest.Header, .. manifest.OtherFiles];
        }
        catch (DiagnosticException)
        {
            return [];
        }
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DiagnosticException(
                "MCU0110", $"The folder cannot be written: {e.Message}", given, "Check the path, its permissions and the free space.");
        }
    }
}
