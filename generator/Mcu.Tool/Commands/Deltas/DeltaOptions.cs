using System.CommandLine;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands.Deltas;

/// <summary>Arguments and options that several commands on delta images share.</summary>
internal static class DeltaOptions
{
    public static Argument<string> File() => new("FILE") { Description = "Delta image (.mcud)." };

    public static Option<string> Output(string helpName, string description) => new("--output", "-o") { Description = description, HelpName = helpName, Required = true };

    public static Option<string> Kid() => new("--kid")
    {
        Description = "Key id in hexadecimal, 1 to 32 bytes, by which receivers find the key.",
        HelpName = "HEX",
        Required = true,
    };

    public static Option<uint?> Number(string name, string description) => new(name) { Description = description, HelpName = "N" };
}

/// <summary>The option that names the network an image is for, with the calibration that makes a float base that network.</summary>
internal sealed class AgainstOptions
{
    private readonly Option<string[]> against;
    private readonly ModelOptions model = new();

    public AgainstOptions(string description) => against = new("--against") { Description = description, HelpName = "PATH" };

    public void AddTo(Command command)
    {
        command.Options.Add(against);
        model.AddCalibrationTo(command);
    }

    public string[] Paths(ParseResult parse) => parse.GetValue(against) ?? [];

    /// <summary>Opens a network for an image; packing and hash decide with which kernels a base model is compiled.</summary>
    public Task<DeltaNetwork> OpenAsync(ParseResult parse, CommandContext context, string path, DeltaFile file, CancellationToken cancellation) => WorkDisplay.RunAsync(
        context,
        "read",
        stage => Task.Run(
            () => DeltaNetwork.Open(path, file, () => model.ReadCalibration(parse, context, path), context.Notes, (name, done) => stage(WorkDisplay.Stage(name, done)), cancellation), cancellation));

    /// <summary>The one network of a command that needs it, or null when none is given and none is needed.</summary>
    public async Task<DeltaNetwork?> OpenOneAsync(ParseResult parse, CommandContext context, DeltaFile file, bool required, CancellationToken cancellation)
    {
        string[] paths = Paths(parse);
        if (paths.Length > 1 || (required && paths.Length == 0))
        {
            throw new DiagnosticException(
                "MCU1221", $"{paths.Length} networks are given; the command needs {(required ? "exactly" : "at most")} one.", "--against", "Give the base model, a folder that was compiled with --deltas, or its .abi.txt.");
        }

        return paths.Length == 0 ? null : await OpenAsync(parse, context, paths[0], file, cancellation);
    }
}
