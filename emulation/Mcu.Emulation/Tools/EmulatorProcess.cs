using System.Diagnostics;
using System.Text;

namespace Mcu.Emulation.Tools;

/// <summary>A program that stays while its machine does: started, watched, and ended with its children, at the latest when this program goes.</summary>
internal sealed class EmulatorProcess : IAsyncDisposable
{
    private const int CapturedCharacters = 64 << 10;

    private readonly Process process;
    private readonly StringBuilder words = new();
    private readonly Task[] captures;

    private EmulatorProcess(Process process)
    {
        this.process = process;
        captures = [CaptureAsync(process.StandardError), CaptureAsync(process.StandardOutput)];
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>The beginning of what it said.</summary>
    public string Words
    {
        get
        {
            lock (words)
            {
                return words.ToString();
            }
        }
    }

    /// <summary>Starts a program; null when there is none at the path, or none that this system can run.</summary>
    public static EmulatorProcess? Start(ProcessRequest request) => ProcessRunner.Start(request) is { } process ? new EmulatorProcess(process) : null;

    /// <summary>Waits until it has ended and all it said was read; false after the limit.</summary>
    public async Task<bool> WaitAsync(TimeSpan limit)
    {
        using var timer = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(timer.Token);
            await Task.WhenAll(captures).WaitAsync(timer.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Ends it and its children; its words and exit code stay.</summary>
    public Task KillAsync() => ProcessRunner.KillAsync(process);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        ProcessLifeline.Release(process);
        await Task.WhenAll(captures);
        process.Dispose();
    }

    private async Task CaptureAsync(StreamReader reader)
    {
        char[] buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer)) > 0)
        {
            lock (words)
            {
                words.Append(buffer, 0, Math.Min(count, CapturedCharacters - words.Length));
            }
        }
    }
}
