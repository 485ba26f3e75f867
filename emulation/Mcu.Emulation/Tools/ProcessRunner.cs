using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Mcu.Emulation.Tools;

/// <summary>One external program to run.</summary>
internal sealed record ProcessRequest(string File, IReadOnlyList<string> Arguments)
{
    public string? WorkingDirectory { get; init; }

    /// <summary>Variables added to this program's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Wall-clock limit of the whole process.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A number that grows while the process gets on; null when only <see cref="Timeout"/> counts.</summary>
    public Func<long>? Progress { get; init; }

    /// <summary>Wall-clock limit without progress.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.MaxValue;
}

/// <summary>How a process ended.</summary>
/// <param name="StandardOutput">The beginning of what it wrote; the rest is dropped.</param>
internal sealed record ProcessOutcome(int ExitCode, string StandardOutput, string StandardError, bool TimedOut, TimeSpan Elapsed);

/// <summary>
/// Runs programs with bounded output and time; ends the whole process tree on a time limit, on a cancellation, and when this program goes
/// (<see cref="ProcessLifeline"/>).
/// </summary>
internal static class ProcessRunner
{
    private const int CapturedCharacters = 64 << 10;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>The outcome, or null when there is no such program, or none that this system can run.</summary>
    public static async Task<ProcessOutcome?> RunAsync(ProcessRequest request, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var clock = Stopwatch.StartNew();
        using Process? process = Start(request);
        if (process is null)
        {
            return null;
        }

        Task<string> output = CaptureAsync(process.StandardOutput);
        Task<string> error = CaptureAsync(process.StandardError);
        bool timedOut;
        try
        {
            timedOut = !await WaitAsync(process, request, clock, cancellation);
        }
        catch (OperationCanceledException)
        {
            await KillAsync(process);
            ProcessLifeline.Release(process);
            throw;
        }

        if (timedOut)
        {
            await KillAsync(process);
        }

        ProcessLifeline.Release(process);
        return new ProcessOutcome(process.ExitCode, await output, await error, timedOut, clock.Elapsed);
    }

    /// <summary>Starts a program that has nothing to read on its standard input; null when there is none at the path, or none that this system can run.</summary>
    internal static Process? Start(ProcessRequest request)
    {
        (string file, IEnumerable<string> arguments, bool isWatched) = ProcessLifeline.Command(request);
        var process = new Process { StartInfo = StartInfo(request, file, arguments) };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            process.Dispose();
            return null;
        }

        if (!isWatched)
        {
            process.StandardInput.Close();
        }

        return process;
    }

    private static ProcessStartInfo StartInfo(ProcessRequest request, string file, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = request.WorkingDirectory ?? "",
        };
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in request.Environment)
        {
            info.Environment[name] = value;
        }

        info.Environment["LC_ALL"] = "C"; // messages are recognised by their English words
        return info;
    }

    private static async Task<bool> WaitAsync(Process process, ProcessRequest request, Stopwatch clock, CancellationToken cancellation)
    {
        Task exit = process.WaitForExitAsync(cancellation);
        long progress = request.Progress?.Invoke() ?? 0;
        TimeSpan lastProgress = clock.Elapsed;
        while (await Task.WhenAny(exit, Task.Delay(PollInterval, cancellation)) != exit)
        {
            cancellation.ThrowIfCancellationRequested();
            long now = request.Progress?.Invoke() ?? 0;
            (progress, lastProgress) = now == progress ? (progress, lastProgress) : (now, clock.Elapsed);
            if (clock.Elapsed > request.Timeout || clock.Elapsed - lastProgress > request.StallTimeout)
            {
                return false;
            }
        }

        await exit;
        return true;
    }

    internal static async Task KillAsync(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception failure) when (failure is InvalidOperationException or Win32Exception)
        {
            // It has just ended by itself.
        }

        await process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Reads to the end, so that the process never blocks, and keeps the beginning.</summary>
    private static async Task<string> CaptureAsync(StreamReader reader)
    {
        var text = new StringBuilder();
        char[] buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer)) > 0)
        {
            text.Append(buffer, 0, Math.Min(count, CapturedCharacters - text.Length));
        }

        return text.ToString();
    }
}
