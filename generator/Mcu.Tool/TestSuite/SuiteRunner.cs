using System.Diagnostics;
using System.Text;
using Mcu.Generator.Diagnostics;
using Mcu.Tool.Cli;

namespace Mcu.Tool.TestSuite;

/// <summary>Builds the test project of a checkout in Release and runs it.</summary>
internal sealed class SuiteRunner(string root, string dotnet)
{
    private const string Project = "tests/Mcu.Tests/Mcu.Tests.csproj";
    private const string Program = "tests/Mcu.Tests/bin/Release/net10.0/Mcu.Tests.dll";

    /// <summary>The runner for the checkout that this tool was built in (MCU0113 when it was installed otherwise).</summary>
    public static SuiteRunner ForThisCheckout()
    {
        string? folder = Checkout.FolderWith(Project);
        return folder is null
            ? throw new DiagnosticException(
                "MCU0113", "The tests are part of the project's checkout; this tool was installed without them.", "", "Run ./mcu test in a clone of the project.")
            : new SuiteRunner(folder, Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet");
    }

    /// <summary>Builds; the log goes to <paramref name="log"/> when that fails.</summary>
    /// <returns>Whether it was built.</returns>
    public async Task<bool> BuildAsync(TextWriter log, CancellationToken cancellation)
    {
        var lines = new StringBuilder();
        // No build servers: they would outlive this command and hold its pipes open.
        int exit = await RunAsync(
            ["build", Path.Combine(root, Project), "-c", "Release", "-nologo", "-v:quiet", "-clp:NoSummary", "-nodeReuse:false", "-p:UseSharedCompilation=false"],
            line => lines.AppendLine(line),
            cancellation);
        if (exit != 0)
        {
            await log.WriteAsync(lines, cancellation);
        }

        return exit == 0;
    }

    /// <summary>Runs all tests, or those whose full name contains <paramref name="filter"/> (<c>*</c> at its ends matches too).</summary>
    /// <param name="ended">Is told each test as it ends.</param>
    public async Task<TestReport> RunTestsAsync(string? filter, Action<TestOutcome> ended, CancellationToken cancellation)
    {
        var messages = new TestMessages();
        List<string> arguments = [Path.Combine(root, Program), "-noColor", "-noAutoReporters", "-reporter", "json"];
        if (filter is not null)
        {
            arguments.AddRange(["-method", $"*{filter.Trim('*')}*"]);
        }

        int exit = await RunAsync(
            arguments,
            line =>
            {
                if (messages.Take(line) is { } outcome)
                {
                    ended(outcome);
                }
            },
            cancellation);
        if (!messages.Finished)
        {
            messages.AddCrash($"It ended with exit code {exit} before all tests had run.");
        }

        return new TestReport(messages.Outcomes);
    }

    private async Task<int> RunAsync(IEnumerable<string> arguments, Action<string> takeLine, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(dotnet, arguments)
        {
            WorkingDirectory = root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using CancellationTokenRegistration kill = cancellation.Register(() => process.Kill(entireProcessTree: true));
        var gate = new Lock();
        await Task.WhenAll(Pump(process.StandardOutput), Pump(process.StandardError));
        await process.WaitForExitAsync(CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        return process.ExitCode;

        async Task Pump(StreamReader reader)
        {
            while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
            {
                lock (gate)
                {
                    takeLine(line);
                }
            }
        }
    }
}
