using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;

namespace Mcu.MSBuild;

/// <summary>An <c>McuModel</c> item: names of its metadata, and its paths made absolute. Relative paths are relative to the project.</summary>
internal sealed class ModelItem(ITaskItem item, string projectFile)
{
    public const string OutputFolderKey = "OutputFolder";
    public const string StampFileKey = "StampFile";
    public const string ModelNameKey = "McuName";
    public const string StampKeyKey = "McuStampKey";

    private const string NanoFramework = "nanoframework";

    private static readonly char[] InvalidInNames = [.. Path.GetInvalidFileNameChars(), '/', '\\', ':', ' '];

    private readonly string projectFolder = Path.GetDirectoryName(Path.GetFullPath(projectFile)) ?? "";

    public string Model => Absolute(item.ItemSpec);

    /// <summary>Name of the network, or of its file: what its folder is called.</summary>
    public string FolderName
    {
        get
        {
            string name = this["Name"].Length > 0 ? this["Name"] : Path.GetFileNameWithoutExtension(item.ItemSpec);
            return new string([.. name.Select(c => Array.IndexOf(InvalidInNames, c) < 0 ? c : '_')]);
        }
    }

    public IReadOnlyList<string> Adapters => Paths("Adapters");

    /// <summary>Every file named by the item; folders stand for the files in them.</summary>
    public IEnumerable<string> InputFiles =>
        ((string[])[Model, .. Adapters, .. Paths("Calibration"), .. Paths("AdapterMap"), .. TargetFiles]).SelectMany(Files).Distinct(StringComparer.Ordinal);

    private IEnumerable<string> TargetFiles => Paths("TargetFolder").Select(folder => Path.Combine(folder, this["McuTarget"]));

    /// <summary>Whether the network becomes C# for nanoFramework instead of C.</summary>
    public bool IsManaged => this["Language"].Equals(NanoFramework, StringComparison.OrdinalIgnoreCase);

    /// <summary>A metadata value, trimmed; empty when it is not set.</summary>
    public string this[string name] => (item.GetMetadata(name) ?? "").Trim();

    public IReadOnlyList<string> Paths(string name) =>
        [.. this[name].Split(';').Select(path => path.Trim()).Where(path => path.Length > 0).Select(Absolute)];

    /// <summary>A path of a project file, with the separators of either kind of system.</summary>
    public string Absolute(string path) =>
        Path.GetFullPath(Path.Combine(projectFolder, path.Replace('\\', Path.DirectorySeparatorChar)));

    private static IEnumerable<string> Files(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path).OrderBy(file => file, StringComparer.Ordinal) : [path];
}
