using System.CommandLine;
using Mcu.Generator.Diagnostics;

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
                console.Output, console.Error, parse.GetValue(global.Json), parse.GetValue(global.Verbose), parse.GetValue(global.TargetFolder));
            return RunAndReportAsync(parse, context, cancellation);
        });
    }

    public IReadOnlyList<Example> Examples { get; }

    private async Task<int> RunAndReportAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        try
        {
            return await RunAsync(parse, context, cancellation);
        }
        catch (DiagnosticException mistake) when (!context.Json)
        {
            // Here the command's own form of diagnostics is known.
            context.ReportNotes();
            context.Report(mistake.Diagnostic);
            return ExitCode.Of(mistake.Diagnostic);
        }
        finally
        {
            context.ReportNotes();
        }
    }

    /// <summary>Runs the command; returns an <see cref="ExitCode"/>.</summary>
    protected abstract Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation);
}
