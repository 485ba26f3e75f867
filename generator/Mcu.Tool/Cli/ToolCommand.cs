using System.CommandLine;

namespace Mcu.Tool.Cli;

/// <summary>A line for the help text: how a command is called, and what that does.</summary>
internal sealed record Example(string CommandLine, string Meaning);

/// <summary>A command: its arguments and the call into the libraries, nothing else.</summary>
internal abstract class ToolCommand : Command
{
    protected ToolCommand(string name, string description, GlobalOptions global, params Example[] examples)
        : base(name, description)
    {
        Examples = examples;
        SetAction((parse, cancellation) =>
        {
            InvocationConfiguration console = parse.InvocationConfiguration;
            var context = new CommandContext(
                console.Output, console.Error, parse.GetValue(global.Json), parse.GetValue(global.Verbose));
            return RunAsync(parse, context, cancellation);
        });
    }

    public IReadOnlyList<Example> Examples { get; }

    /// <summary>Runs the command; returns an <see cref="ExitCode"/>.</summary>
    protected abstract Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation);
}
