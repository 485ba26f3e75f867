using System.CommandLine;

namespace Mcu.Tool.Cli;

/// <summary>Options that every command takes.</summary>
internal sealed class GlobalOptions
{
    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print exactly one JSON document on stdout; everything else goes to stderr.",
        Recursive = true,
    };

    public Option<bool> Verbose { get; } = new("--verbose", "-v")
    {
        Description = "Say more: notes, tools called, and the stack of an internal error.",
        Recursive = true,
    };

    public Option<string?> TargetFolder { get; } = new("--target-folder")
    {
        Description = "Folder of your own targets, NAME/target.json; they win over the built-in ones.",
        HelpName = "DIR",
        Recursive = true,
    };

    /// <summary>Whether arguments that may not even parse ask for JSON.</summary>
    public static bool AsksForJson(IEnumerable<string> arguments) =>
        arguments.TakeWhile(argument => argument != "--").Contains("--json", StringComparer.Ordinal);
}
