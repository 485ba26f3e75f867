using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Mcu.MSBuild;

/// <summary>Runs the compiler, a program of its own, for one <c>McuModel</c>; its diagnostics come in the form that MSBuild reads.</summary>
public sealed class McuCompile : ToolTask
{
    private readonly List<string> said = [];

    /// <summary>The item with its output folder and stamp.</summary>
    [Required]
    public ITaskItem Model { get; set; } = null!;

    /// <summary>The compiler's assembly.</summary>
    [Required]
    public string Compiler { get; set; } = "";

    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>The <c>dotnet</c> that runs the compiler; empty for the one on the search path.</summary>
    public string DotNet { get; set; } = "";

    protected override string ToolName => Path.DirectorySeparatorChar == '\\' ? "dotnet.exe" : "dotnet";

    private ModelItem Item => new(Model, ProjectFile);

    protected override string? GenerateFullPathToTool() => DotNet.Length > 0 && File.Exists(DotNet)
        ? DotNet
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder.Trim('"'), ToolName)).FirstOrDefault(File.Exists);

    protected override bool ValidateParameters()
    {
        if (GenerateFullPathToTool() is null)
        {
            Error("The .NET runtime that runs the compiler is not found: there is no 'dotnet' on the search path.");
            return false;
        }

        return base.ValidateParameters();
    }

    protected override string GenerateCommandLineCommands() => CompilerCommand.Line(Item, Compiler, Model.GetMetadata(ModelItem.StampKeyKey));

    public override bool Execute()
    {
        YieldDuringToolExecution = true;
        bool done = base.Execute();
        if (done)
        {
            Log.LogMessage(MessageImportance.High, "  {0} -> {1}", Model.ItemSpec, Model.GetMetadata(ModelItem.OutputFolderKey));
        }

        return done;
    }

    /// <summary>A mistake in the options themselves is one of the project file.</summary>
    protected override void LogEventsFromTextOutput(string singleLine, MessageImportance messageImportance)
    {
        const string OfCommandLine = "mcu compile: error ";
        said.Add(singleLine);
        string line = singleLine.StartsWith(OfCommandLine, StringComparison.Ordinal)
            ? $"{ProjectFile} : error {singleLine.Substring(OfCommandLine.Length)}"
            : singleLine;
        base.LogEventsFromTextOutput(line, messageImportance);
    }

    /// <summary>What the compiler says is enough; only when it says nothing, its exit code is told.</summary>
    protected override bool HandleTaskExecutionErrors()
    {
        if (!Log.HasLoggedErrors)
        {
            Error($"The compiler could not be run, or ended with exit code {ExitCode}: {string.Join(" ", said.Skip(Math.Max(0, said.Count - 5)))}");
        }

        return false;
    }

    private void Error(string text) =>
        Log.LogError(null, "MCU1406", null, Item.Model, 0, 0, 0, 0, $"{text} The .NET 10 runtime is needed; the properties McuDotNet and McuCompiler name another one.");
}
