using System;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Task = Microsoft.Build.Utilities.Task;

namespace Mcu.MSBuild;

/// <summary>Deletes what the compiler emitted, and no other file of the output folders.</summary>
public sealed class McuClean : Task
{
    /// <summary>Items as <see cref="McuPrepare"/> left them.</summary>
    [Required]
    public ITaskItem[] Prepared { get; set; } = [];

    /// <summary>CMake file that was written; empty for none.</summary>
    public string CMakeFile { get; set; } = "";

    [Required]
    public string ProjectFile { get; set; } = "";

    public override bool Execute()
    {
        try
        {
            foreach (ITaskItem model in Prepared)
            {
                Clean(model.GetMetadata(ModelItem.OutputFolderKey), model.GetMetadata(ModelItem.StampFileKey));
            }

            if (CMakeFile.Length > 0)
            {
                string file = new ModelItem(new TaskItem(CMakeFile), ProjectFile).Model;
                if (File.Exists(file))
                {
                    File.Delete(file);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.LogWarning(null, "MCU1407", null, ProjectFile, 0, 0, 0, 0, $"Not everything that was emitted could be deleted: {e.Message}");
        }

        return true;
    }

    private static void Clean(string folder, string stamp)
    {
        foreach (string path in StampFile.FilesOf(stamp).Select(file => Path.Combine(folder, file)).Concat([stamp, stamp + ".lock"]).Where(File.Exists))
        {
            File.Delete(path);
        }

        if (Directory.Exists(folder))
        {
            DeleteEmpty(folder);
        }
    }

    private static void DeleteEmpty(string folder)
    {
        foreach (string inner in Directory.GetDirectories(folder))
        {
            DeleteEmpty(inner);
        }

        if (!Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
        }
    }
}
