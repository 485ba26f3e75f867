using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Task = Microsoft.Build.Utilities.Task;

namespace Mcu.MSBuild;

/// <summary>Checks the <c>McuModel</c> items, gives each its output folder and stamp, and lists the files that it depends on.</summary>
public sealed class McuPrepare : Task
{
    private const int Attempts = 20;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(50);

    private static readonly DateTime LongAgo = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The project's items.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>Folder of the output folders of items without one of their own.</summary>
    [Required]
    public string OutputRoot { get; set; } = "";

    /// <summary>Folder for the stamps of one configuration and framework.</summary>
    [Required]
    public string StampFolder { get; set; } = "";

    /// <summary>Folder for the stamps of output folders that every configuration and framework shares.</summary>
    [Required]
    public string SharedStampFolder { get; set; } = "";

    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>The compiler's assembly.</summary>
    [Required]
    public string Compiler { get; set; } = "";

    /// <summary>Whether networks are going to be compiled; only then are stamps touched.</summary>
    public bool Compiles { get; set; }

    /// <summary>The items with <c>OutputFolder</c>, <c>StampFile</c>, <c>McuName</c> and <c>McuStampKey</c>.</summary>
    [Output]
    public ITaskItem[] Prepared { get; set; } = [];

    /// <summary>Input files, each with the <c>StampFile</c> of its model.</summary>
    [Output]
    public ITaskItem[] Inputs { get; set; } = [];

    public override bool Execute()
    {
        var prepared = new List<ITaskItem>();
        var inputs = new List<ITaskItem>();
        var folders = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (ITaskItem model in Models)
        {
            var item = new ModelItem(model, ProjectFile);
            if (!IsLanguageKnown(item))
            {
                continue;
            }

            TaskItem ready = Prepare(model, item);
            string folder = ready.GetMetadata(ModelItem.OutputFolderKey);
            if (folders.TryGetValue(folder, out string? other))
            {
                Error("MCU1405", $"'{other}' and '{model.ItemSpec}' would be written to the same folder '{folder}'. Give one of them another Name or OutputFolder.");
                continue;
            }

            folders[folder] = model.ItemSpec;
            prepared.Add(ready);
            inputs.AddRange(InputsOf(item, ready.GetMetadata(ModelItem.StampFileKey)));
        }

        Prepared = [.. prepared];
        Inputs = [.. inputs];
        return !Log.HasLoggedErrors;
    }

    private bool IsLanguageKnown(ModelItem item)
    {
        string language = item["Language"];
        if (language.Length == 0 || language.Equals("c", StringComparison.OrdinalIgnoreCase) || item.IsManaged)
        {
            return true;
        }

        Error("MCU1404", $"Language=\"{language}\" of the McuModel '{item.Model}' is not known. Use c or nanoframework.");
        return false;
    }

    private TaskItem Prepare(ITaskItem model, ModelItem item)
    {
        string own = item[ModelItem.OutputFolderKey];
        string folder = item.Absolute(own.Length > 0 ? own : Path.Combine(OutputRoot, item.FolderName));
        bool isShared = own.Length > 0 || !folder.StartsWith(item.Absolute(StampFolder), StringComparison.Ordinal);
        string stamp = Path.Combine(item.Absolute(isShared ? SharedStampFolder : StampFolder), $"{item.FolderName}-{Hash(folder):x8}.stamp");
        var ready = new TaskItem(model);
        ready.SetMetadata(ModelItem.OutputFolderKey, folder);
        ready.SetMetadata(ModelItem.StampFileKey, stamp);
        ready.SetMetadata(ModelItem.ModelNameKey, item.FolderName);
        string key = StampFile.Key(new ModelItem(ready, ProjectFile), Compiler);
        ready.SetMetadata(ModelItem.StampKeyKey, key);
        if (Compiles)
        {
            MakeCompilerLook(stamp, key, folder);
        }

        return ready;
    }

    /// <summary>
    /// MSBuild compares times of inputs with that of the stamp. What those do not show makes the stamp old. The compiler of a build beside this
    /// one may be replacing a shared stamp, which Windows lets nobody touch meanwhile; what it notes decides then.
    /// </summary>
    private void MakeCompilerLook(string stamp, string key, string folder)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                if (File.Exists(stamp) && !StampFile.IsAsNoted(stamp, key, folder))
                {
                    File.SetLastWriteTimeUtc(stamp, LongAgo);
                }

                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (attempt == Attempts)
                {
                    Error("MCU1410", $"The stamp '{stamp}' cannot be read and marked: {e.Message}");
                    return;
                }
            }

            Thread.Sleep(BetweenAttempts);
        }
    }

    private static IEnumerable<ITaskItem> InputsOf(ModelItem item, string stamp)
    {
        foreach (string file in item.InputFiles)
        {
            var input = new TaskItem(file);
            input.SetMetadata(ModelItem.StampFileKey, stamp);
            yield return input;
        }
    }

    /// <summary>Tells folders of one name apart (FNV-1a).</summary>
    private static uint Hash(string text)
    {
        uint hash = 2166136261;
        foreach (char c in text)
        {
            hash = unchecked((hash ^ c) * 16777619);
        }

        return hash;
    }

    private void Error(string code, string text) => Log.LogError(null, code, null, ProjectFile, 0, 0, 0, 0, text);
}
