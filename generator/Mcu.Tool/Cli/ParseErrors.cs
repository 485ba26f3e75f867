using System.CommandLine;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tool.Cli;

/// <summary>Words for a command line that does not parse.</summary>
internal static class ParseErrors
{
    public const string Code = "MCU0001";

    public static Diagnostic Describe(ParseResult parse)
    {
        Command command = parse.CommandResult.Command;
        string path = command is RootCommand ? "mcu" : $"mcu {command.Name}";
        string? unknown = parse.UnmatchedTokens.Count > 0 ? parse.UnmatchedTokens[0] : null;
        string message = unknown is null
            ? parse.Errors[0].Message
            : unknown.StartsWith('-') ? $"There is no option '{unknown}'."
            : command is RootCommand ? $"There is no command '{unknown}'."
            : $"The argument '{unknown}' is not expected.";
        IReadOnlyList<string> near = unknown is null ? [] : Suggestions.For(unknown, command);
        string meant = near.Count == 0 ? "" : $"Did you mean {string.Join(" or ", near.Select(name => $"'{name}'"))}? ";
        return new Diagnostic(Code, Severity.Error, message, path, $"{meant}See '{path} --help'.");
    }
}
