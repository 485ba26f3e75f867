using System.Diagnostics;
using System.Globalization;

namespace Mcu.Tests.Packaging;

/// <summary>Runs the .NET SDK and other programs in a user's folder; output of both streams in the order it came.</summary>
internal sealed class Sdk(string folder, IReadOnlyDictionary<string, string?>? environment = null)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    /// <summary>Runs a program that must succeed.</summary>
    public string Run(string program, params string[] arguments)
    {
        (int exit, string output) = Try(program, arguments);
        Assert.True(exit == 0, string.Create(CultureInfo.InvariantCulture, $"{program} {string.Join(' ', arguments)} exited {exit}:\n{output}"));
        return output;
    }

    public (int ExitCode, string Output) Try(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        var lines = new List<string>();
        Task[] pumps = [Pump(process.StandardOutput, lines), Pump(process.StandardError, lines)];
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end.");
        }

        Task.WaitAll(pumps, TestContext.Current.CancellationToken);
        return (process.ExitCode, string.Join('\n', lines));
    }

    private Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // No build servers, which would outlive the test and hold its pipes open; none of the test runner's own settings.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "false";
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static async Task Pump(StreamReader reader, List<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (lines)
            {
                lines.Add(line);
            }
        }
    }
}
