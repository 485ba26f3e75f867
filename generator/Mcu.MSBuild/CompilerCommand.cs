using System.Linq;
using Microsoft.Build.Utilities;

namespace Mcu.MSBuild;

/// <summary>The compiler's command line for one <c>McuModel</c>.</summary>
internal static class CompilerCommand
{
    /// <summary>Metadata that are passed on as options, as they are.</summary>
    private static readonly (string Metadata, string Option)[] Words =
    [
        ("Name", "--name "),
        ("AdapterMode", "--adapter-mode "),
        ("GraphLora", "--graph-lora "),
        ("McuTarget", "--target "),
        ("Optimize", "--optimize "),
        ("CalibrationMethod", "--calibration-method "),
        ("BudgetRam", "--budget-ram "),
        ("BudgetFlash", "--budget-flash "),
        ("Deltas", "--deltas "),
        ("DeltaRank", "--delta-rank "),
        ("DeltaCache", "--delta-cache "),
        ("DeadChannels", "--dead-channels "),
        ("Namespace", "--namespace "),
        ("Weights", "--weights "),
        ("NsPerIl", "--ns-per-il "),
        ("MaxTime", "--max-time "),
    ];

    /// <summary>Metadata that hold one path.</summary>
    private static readonly (string Metadata, string Option)[] Files =
    [
        ("AdapterMap", "--adapter-map "),
        ("Calibration", "--calibration "),
        ("TargetFolder", "--target-folder "),
        (ModelItem.OutputFolderKey, "--output "),
        (ModelItem.StampFileKey, "--stamp "),
    ];

    /// <summary>The arguments of <c>dotnet</c>.</summary>
    /// <param name="item">An item with output folder and stamp.</param>
    /// <param name="compiler">The compiler's assembly.</param>
    /// <param name="key">What is kept in the stamp; empty for nothing.</param>
    public static string Line(ModelItem item, string compiler, string key)
    {
        var line = new CommandLineBuilder();
        line.AppendSwitch("exec");
        line.AppendFileNameIfNotNull(compiler);
        line.AppendSwitch("compile");
        line.AppendFileNameIfNotNull(item.Model);
        foreach (string adapter in item.Adapters)
        {
            line.AppendSwitchIfNotNull("--adapter ", adapter);
        }

        foreach ((string metadata, string option) in Words.Where(word => item[word.Metadata].Length > 0))
        {
            line.AppendSwitchIfNotNull(option, item[metadata]);
        }

        foreach ((string metadata, string option) in Files)
        {
            foreach (string path in item.Paths(metadata))
            {
                line.AppendSwitchIfNotNull(option, path);
            }
        }

        foreach (string form in item["Forms"].Split(';').Select(form => form.Trim()).Where(form => form.Length > 0))
        {
            line.AppendSwitchIfNotNull("--form ", form);
        }

        if (item.IsManaged)
        {
            line.AppendSwitch("--lang nanoframework");
        }

        line.AppendSwitch("--diagnostics msbuild");
        if (key.Length > 0)
        {
            line.AppendSwitchIfNotNull("--stamp-key ", key);
        }

        return line.ToString();
    }
}
