using System.CommandLine;
using System.CommandLine.Invocation;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tool.Cli;

/// <summary>Words for a command line that does not parse.</summary>
internal static class ParseErrors
{
    public const string Code = "MCU0001";

    /// <summary>What is wrong with the command line, or null when nothing is.</summary>
    public static Diagnostic? Find(ParseResult parse)
    {
        if (parse.Action is ParseErrorAction)
        {
            return Describe(parse);
        }

        return SwallowedOption(parse) is { } option
            ? new Diagnostic(Code, Severity.Error, $"The option '{option.Name}' needs a value.", Path(parse), $"See '{Path(parse)} --help'.")
            : null;
    }

    private static Diagnostic Describe(ParseResult parse)
    {
        Command command = parse.CommandResult.Command;
        string? unknown = parse.UnmatchedTokens.Count > 0 ? parse.UnmatchedTokens[0] : null;
        string message = unknown is null
            ? parse.Errors[0].Message
            : unknown.StartsWith('-') ? $"There is no option '{unknown}'."
            : command is RootCommand ? $"There is no command '{unknown}'."
            : $"The argument '{unknown}' is not expected.";
        IReadOnlyList<string> near = unknown is null ? [] : Suggestions.For(unknown, command);
        string meant = near.Count == 0 ? "" : $"Did you mean {string.Join(" or ", near.Select(name => $"'{name}'"))}? ";
        return new Diagnostic(Code, Severity.Error, message, Path(parse), $"{meant}See '{Path(parse)} --help'.");
    }

    private static string Path(ParseResult parse)
    {
        string path = "";
        for (Command? command = parse.CommandResult.Command; command is not null and not RootCommand; command = command.Parents.OfType<Command>().FirstOrDefault())
        {
            path = $" {command.Name}{path}";
        }

        return "mcu" + path;
    }

    /// <summary>The parser takes any next word as an option's value, the name of another option too.</summary>
    private static Option? SwallowedOption(ParseResult parse)
    {
        Command command = parse.CommandResult.Command;
        HashSet<string> names = [.. Suggestions.Names(command).Where(name => name.StartsWith('-'))];
        return command.Options.FirstOrDefault(option => parse.GetResult(option)?.Tokens.Any(token => names.Contains(token.Value)) == true);
    }
}
