using System.CommandLine;
using System.Text;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tool.Cli;

/// <summary>From arguments to an exit code: parses, runs the command, and reports every way in which it can fail.</summary>
internal sealed class Application(TextWriter output, TextWriter error, Func<RootCommand>? commands = null)
{
    /// <summary>The process: UTF-8 without a byte order mark whatever the locale says, signals, the command.</summary>
    public static async Task<int> MainAsync(string[] arguments)
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var application = new Application(Console.Out, Console.Error);
        using var interruption = new Interruption();
        return await application.RunAsync(arguments, interruption.Token);
    }

    /// <summary>Runs one command line; never throws.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        bool json = GlobalOptions.AsksForJson(arguments);
        try
        {
            ParseResult parse = (commands ?? CommandLine.Create)().Parse(arguments);
            if (ParseErrors.Find(parse) is { } mistake)
            {
                return Fail(mistake, json);
            }

            var configuration = new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parse.InvokeAsync(configuration, cancellation);
        }
        catch (DiagnosticException e)
        {
            return Fail(e.Diagnostic, json);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return Fail(new Diagnostic("MCU0003", Severity.Error, "Cancelled; nothing was left half-written."), json);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(new Diagnostic("MCU0112", Severity.Error, e.Message, "", "Check paths, permissions and free space."), json);
        }
#pragma warning disable CA1031 // The last resort: whatever is left is a bug of ours and must be said as one.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return InternalError(e, json, arguments.Contains("--verbose") || arguments.Contains("-v"));
        }
    }

    private int InternalError(Exception e, bool json, bool verbose)
    {
        int exit = Fail(
            new Diagnostic(
                "MCU0002",
                Severity.Error,
                $"Internal error: {e.GetType().Name}: {e.Message}",
                "",
                "This is a bug in mcu. Please report it with the command line and the output of --verbose."),
            json);
        if (verbose)
        {
            error.WriteLine(e.ToString());
        }

        return exit;
    }

    private int Fail(Diagnostic diagnostic, bool json)
    {
        error.WriteLine(diagnostic.ToString());
        if (json)
        {
            output.WriteLine(JsonOutput.Error(diagnostic));
        }

        return ExitCode.Of(diagnostic);
    }
}
