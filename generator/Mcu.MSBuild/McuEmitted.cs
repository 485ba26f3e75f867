using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Task = Microsoft.Build.Utilities.Task;

namespace Mcu.MSBuild;

/// <summary>Lists the emitted files from the stamps, and writes the CMake file that brings the networks into a firmware.</summary>
public sealed class McuEmitted : Task
{
    private const string Manifest = "mcu.json";
    private const string KernelFolder = "Mcu/";
    private const string ProjectProperties = "Properties/";

    /// <summary>Items as <see cref="McuPrepare"/> left them.</summary>
    [Required]
    public ITaskItem[] Prepared { get; set; } = [];

    /// <summary>CMake file to write; empty for none.</summary>
    public string CMakeFile { get; set; } = "";

    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>Emitted files with <c>McuName</c> (the network's folder), <c>McuPath</c> (the path in it) and the item's own metadata.</summary>
    [Output]
    public ITaskItem[] Files { get; set; } = [];

    /// <summary>The C# of networks in C# among them: all but the attributes of their own projects, and each kernel once.</summary>
    [Output]
    public ITaskItem[] Sources { get; set; } = [];

    public override bool Execute()
    {
        Files = [.. Prepared.SelectMany(FilesOf)];
        Sources = [.. Prepared.Where(IsManaged).SelectMany(FilesOf).Where(IsSource).GroupBy(KernelOrFile, StringComparer.Ordinal).Select(same => same.First())];
        if (CMakeFile.Length > 0)
        {
            string path = new ModelItem(new TaskItem(CMakeFile), ProjectFile).Model;
            try
            {
                WriteCMake(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.LogError(null, "MCU1410", null, ProjectFile, 0, 0, 0, 0, $"The CMake file '{path}' cannot be written: {e.Message}");
            }
        }

        return !Log.HasLoggedErrors;
    }

    private bool IsManaged(ITaskItem model) => new ModelItem(model, ProjectFile).IsManaged;

    private static bool IsSource(ITaskItem file) =>
        Path.GetExtension(file.ItemSpec) == ".cs" && !file.GetMetadata("McuPath").StartsWith(ProjectProperties, StringComparison.Ordinal);

    /// <summary>Kernels are the same text in every network of one compiler.</summary>
    private static string KernelOrFile(ITaskItem file) =>
        file.GetMetadata("McuPath").StartsWith(KernelFolder, StringComparison.Ordinal) ? file.GetMetadata("McuPath") : file.ItemSpec;

    private static IEnumerable<ITaskItem> FilesOf(ITaskItem model)
    {
        string folder = model.GetMetadata(ModelItem.OutputFolderKey);
        foreach (string file in StampFile.FilesOf(model.GetMetadata(ModelItem.StampFileKey)))
        {
            var item = new TaskItem(Path.Combine(folder, file.Replace('/', Path.DirectorySeparatorChar)));
            item.SetMetadata(ModelItem.ModelNameKey, model.GetMetadata(ModelItem.ModelNameKey));
            item.SetMetadata("McuPath", file);
            item.SetMetadata("CopyToOutputDirectory", model.GetMetadata("CopyToOutputDirectory"));
            yield return item;
        }
    }

    private void WriteCMake(string path)
    {
        string root = Path.GetDirectoryName(path) ?? "";
        var text = new StringBuilder("# Written by Mcu.MSBuild: include(this file), then target_link_libraries(firmware PRIVATE ${MCU_LIBRARIES}).\n");
        var libraries = new List<string>();
        foreach (ITaskItem model in Prepared.Where(model => !IsManaged(model)))
        {
            string folder = model.GetMetadata(ModelItem.OutputFolderKey);
            libraries.Add(LibraryOf(folder));
            text.Append("add_subdirectory(\"").Append(Relative(root, folder)).Append("\" \"mcu/").Append(model.GetMetadata(ModelItem.ModelNameKey)).Append("\")\n");
        }

        text.Append("set(MCU_LIBRARIES ").Append(string.Join(" ", libraries)).Append(")\n");
        if (!File.Exists(path) || File.ReadAllText(path) != text.ToString())
        {
            Directory.CreateDirectory(root);
            Replace(path, text.ToString());
        }
    }

    /// <summary>Other configurations may write or read the same file at the same time: they see the old one or the new one, whole.</summary>
    private static void Replace(string path, string text)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllText(temporary, text);
            try
            {
                File.Move(temporary, path);
            }
            catch (IOException) when (File.Exists(path))
            {
                File.Replace(temporary, path, null);
            }
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>The CMake library of a network has its C prefix as name, which stands in the manifest.</summary>
    private static string LibraryOf(string folder) =>
        Regex.Match(File.ReadAllText(Path.Combine(folder, Manifest)), "\"prefix\": \"([A-Za-z0-9_]+)\"").Groups[1].Value;

    private static string Relative(string root, string folder)
    {
        Uri from = new(root.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar);
        string relative = Uri.UnescapeDataString(from.MakeRelativeUri(new Uri(folder)).ToString());
        return Path.IsPathRooted(relative) || relative.Contains("://") ? folder.Replace('\\', '/') : "${CMAKE_CURRENT_LIST_DIR}/" + relative;
    }
}
