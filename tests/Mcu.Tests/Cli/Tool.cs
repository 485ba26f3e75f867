using System.Diagnostics;
using System.Text.Json;

namespace Mcu.Tests.Cli;

/// <summary>What a process left.</summary>
public sealed record ToolRun(int ExitCode, string Output, string Error)
{
    /// <summary>Stdout as exactly one JSON document; fails when it is anything else.</summary>
    public JsonElement Json()
    {
        using JsonDocument document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }
}

/// <summary>Runs the built tool as users do: as a process.</summary>
public static class Tool
{
    public static string Dll { get; } = Path.Combine(AppContext.BaseDirectory, "mcu.dll");

    public static ToolRun Run(params string[] arguments) => Start(arguments).Wait();

    public static RunningTool Start(params string[] arguments) => new("dotnet", [Dll, .. arguments], null);
}

/// <summary>A process whose output is collected while it runs.</summary>
public sealed class RunningTool : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> error;

    public RunningTool(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment, string? folder = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        process = Process.Start(start)!;
        process.StandardInput.Close();
        output = process.StandardOutput.ReadToEndAsync();
        error = process.StandardError.ReadToEndAsync();
    }

    public int Id => process.Id;

    public ToolRun Wait()
    {
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("The process did not end.");
        }

        return new ToolRun(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    public void Dispose() => process.Dispose();
}
