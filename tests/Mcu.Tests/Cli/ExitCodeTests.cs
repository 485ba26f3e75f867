using System.CommandLine;
using Mcu.Generator.Diagnostics;
using Mcu.Tool.Cli;

namespace Mcu.Tests.Cli;

public sealed class ExitCodeTests
{
    /// <summary>The contract of docs/CLI.md.</summary>
    [Theory]
    [InlineData("MCU0001", 1)]
    [InlineData("MCU0002", 3)]
    [InlineData("MCU0003", 130)]
    [InlineData("MCU0005", 3)]
    [InlineData("MCU0101", 1)]
    [InlineData("MCU0201", 1)]
    [InlineData("MCU0409", 1)]
    [InlineData("MCU0801", 2)]
    [InlineData("MCU0809", 2)]
    [InlineData("MCU0810", 1)]
    [InlineData("MCU1001", 5)]
    [InlineData("MCU1019", 5)]
    [InlineData("MCU1020", 4)]
    [InlineData("MCU1079", 4)]
    [InlineData("MCU1080", 1)]
    [InlineData("MCU1101", 4)]
    [InlineData("MCU1199", 4)]
    [InlineData("MCU1200", 1)]
    public void A_diagnostic_gives_the_exit_code_of_its_range(string code, int exit) =>
        Assert.Equal(exit, ExitCode.Of(new Diagnostic(code, Severity.Error, "")));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_unexpected_exception_exits_3_in_one_line_and_says_to_report_it(bool verbose)
    {
        (int exit, string output, string error) = await RunAsync(
            _ => throw new InvalidOperationException("wheel fell off"), verbose ? ["boom", "--json", "--verbose"] : ["boom", "--json"]);
        Assert.Equal(3, exit);
        Assert.Contains("\"code\": \"MCU0002\"", output, StringComparison.Ordinal);
        Assert.Contains("wheel fell off", error, StringComparison.Ordinal);
        Assert.Contains("report", error, StringComparison.Ordinal);
        Assert.Equal(verbose, error.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_diagnostic_is_one_line_on_stderr_and_nothing_on_stdout()
    {
        (int exit, string output, string error) = await RunAsync(
            _ => throw new DiagnosticException("MCU0801", "Too much.", "kws.tflite", "Use less."), ["boom"]);
        Assert.Equal(2, exit);
        Assert.Empty(output);
        Assert.Equal("kws.tflite: error MCU0801: Too much. Use less.\n", error);
    }

    [Fact]
    public async Task A_full_disk_is_not_called_a_bug()
    {
        (int exit, _, string error) = await RunAsync(_ => throw new IOException("No space left on device"), ["boom"]);
        Assert.Equal(1, exit);
        Assert.Contains("MCU0112", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_exits_130_with_an_error_document()
    {
        using var source = new CancellationTokenSource();
        (int exit, string output, _) = await RunAsync(
            token =>
            {
                source.Cancel();
                token.ThrowIfCancellationRequested();
            },
            ["boom", "--json"],
            source.Token);
        Assert.Equal(130, exit);
        Assert.Contains("MCU0003", output, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(
        Action<CancellationToken> action, string[] arguments, CancellationToken cancellation = default)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var root = new RootCommand("test");
        var global = new GlobalOptions();
        root.Options.Add(global.Json);
        root.Options.Add(global.Verbose);
        root.Add(new Boom(global, action));
        int exit = await new Application(output, error, () => root).RunAsync(arguments, cancellation);
        return (exit, output.ToString(), error.ToString());
    }

    private sealed class Boom(GlobalOptions global, Action<CancellationToken> action) : ToolCommand("boom", "fails", global)
    {
        protected override Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
        {
            action(cancellation);
            return Task.FromResult(0);
        }
    }
}
