using System.Collections.Immutable;
using System.Reflection;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Targets;

/// <summary>The targets built into the tool and those of a user's folder.</summary>
public sealed class TargetCatalog
{
    private const string Prefix = "targets/";
    private const string FileName = "target.json";
    private const int FileSizeLimit = 1 << 20;

    private static readonly Assembly Resources = typeof(TargetCatalog).Assembly;

    private TargetCatalog(ImmutableArray<TargetDescription> targets) => Targets = targets;

    /// <summary>All targets, sorted by name with the host first.</summary>
    public ImmutableArray<TargetDescription> Targets { get; }

    /// <summary>
    /// The built-in targets, and each <c>NAME/target.json</c> of a user's folder, which wins over a built-in target of its
    /// name. A target that is not valid is MCU1087.
    /// </summary>
    public static TargetCatalog Load(string? userFolder = null)
    {
        var byName = new SortedDictionary<string, TargetDescription>(StringComparer.Ordinal);
        foreach (TargetDescription target in BuiltIn().Concat(UserTargets(userFolder)))
        {
            byName[target.Name] = target;
        }

        return new TargetCatalog([.. byName.Values.OrderByDescending(target => target.IsHost)]);
    }

    /// <summary>The target of a name, or MCU1086 with the names there are.</summary>
    public TargetDescription Get(string name) =>
        Targets.FirstOrDefault(target => string.Equals(target.Name, name, StringComparison.Ordinal))
        ?? throw new DiagnosticException(
            "MCU1086",
            $"There is no target '{name}'.",
            hint: "Use one of: " + string.Join(", ", Targets.Select(target => target.Name)) + ".");

    /// <summary>Text of a linker script or start-up file that a target names (MCU1087 when it is not there).</summary>
    public static string ReadFile(TargetDescription target, string name)
    {
        string? own = target.Folder is null ? null : Path.Combine(target.Folder, name);
        if (own is not null && File.Exists(own))
        {
            return ReadText(own);
        }

        return ResourceText(Prefix + name)
            ?? throw new DiagnosticException("MCU1087", $"The file '{name}' is not there.", $"target {target.Name}", "Put it beside target.json.");
    }

    /// <summary>Text of a built-in file under targets/ that belongs to no one target.</summary>
    public static string ReadShared(string name) =>
        ResourceText(Prefix + name) ?? throw new ArgumentException($"There is no file 'targets/{name}'.", nameof(name));

    private static IEnumerable<TargetDescription> BuiltIn() =>
        Resources.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith("/" + FileName, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => TargetReader.Parse(ResourceText(name)!, name, null));

    private static IEnumerable<TargetDescription> UserTargets(string? folder)
    {
        if (folder is null)
        {
            yield break;
        }

        if (!Directory.Exists(folder))
        {
            throw new DiagnosticException("MCU1087", "The folder of targets is not there.", folder);
        }

        foreach (string own in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            string path = Path.Combine(own, FileName);
            if (File.Exists(path))
            {
                yield return TargetReader.Parse(ReadText(path), path, Path.GetFullPath(own));
            }
        }
    }

    private static string ReadText(string path)
    {
        try
        {
            return new FileInfo(path).Length <= FileSizeLimit ? File.ReadAllText(path) : throw new IOException("it is larger than 1 MiB");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DiagnosticException("MCU1087", $"A target's file cannot be read: {failure.Message}", path);
        }
    }

    private static string? ResourceText(string name)
    {
        using Stream? stream = Resources.GetManifestResourceStream(name);
        if (stream is null)
        {
            return null;
        }

        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
