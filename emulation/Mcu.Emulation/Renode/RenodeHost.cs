using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mcu.Emulation.Building;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Renode;

/// <summary>
/// A Renode process with its monitor, used for one machine after another. It ends when this program does: it holds a
/// connection to it.
/// </summary>
internal sealed class RenodeHost : IAsyncDisposable
{
    private const string EmulatorName = "renode";
    private const string AgentName = "McuAgent.cs";

    /// <summary>Compiled with the agent, as one file.</summary>
    private static readonly string[] Parts = [AgentName, "McuBoard.cs", "McuSemihosting.cs", "McuRiscVSemihosting.cs", "McuHooks.cs"];

    private readonly DirectoryInfo folder;
    private readonly EmulatorProcess process;
    private readonly TcpListener lifeline;
    private readonly byte[] buffer = new byte[64 << 10];
    private readonly HashSet<string> compiled = new(StringComparer.Ordinal);
    private Stream monitor = Stream.Null;

    private RenodeHost(DirectoryInfo folder, EmulatorProcess process, TcpListener lifeline)
    {
        this.folder = folder;
        this.process = process;
        this.lifeline = lifeline;
    }

    public bool IsAlive => !process.HasExited;

    public int ProcessId => process.Id;

    /// <summary>Starts Renode and loads the agent (MCU1007, MCU1105, MCU1106, MCU1110).</summary>
    public static async Task<RenodeHost> StartAsync(string renode, int? port, TimeSpan limit, CancellationToken cancellation)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("mcu-renode-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, AgentName), string.Concat(Parts.Select(part => HarnessSources.Resource("renode/" + part))), cancellation);
        var lifeline = new TcpListener(IPAddress.Loopback, 0);
        lifeline.Start();
        var request = new ProcessRequest(
            renode,
            [
                "--plain", "--disable-gui", "--config", Path.Combine(folder.FullName, "config"),
                "-P", (port ?? 0).ToString(CultureInfo.InvariantCulture),
            ])
        {
            WorkingDirectory = folder.FullName,
            Environment = new Dictionary<string, string> { ["TMPDIR"] = folder.FullName },
        };
        EmulatorProcess? process = EmulatorProcess.Start(request);
        if (process is null)
        {
            lifeline.Stop();
            CacheFolder.DeleteQuietly(folder.FullName);
            throw new DiagnosticException("MCU1007", "Renode does not start.", renode, "Set RENODE to its program.");
        }

        var host = new RenodeHost(folder, process, lifeline);
        try
        {
            await host.OpenAsync(port, limit, cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a command says; MCU1110 when the monitor complains, MCU1104 when Renode has gone.</summary>
    public async Task<string> ExecuteAsync(string command)
    {
        try
        {
            await monitor.WriteAsync(Encoding.UTF8.GetBytes(command + "\n"));
            string answer = RenodeTranscript.Answer(await ReceiveAsync(CancellationToken.None));
            return RenodeTranscript.Complaint(answer) is { } complaint
                ? throw new DiagnosticException("MCU1110", $"Renode refuses '{command}': {complaint}", EmulatorName)
                : answer;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            await process.WaitAsync(TimeSpan.FromSeconds(2));
            throw MachineFailures.Died(EmulatorName, LastWords());
        }
    }

    /// <summary>Compiles and loads a C# file, once in the life of the process.</summary>
    public async Task CompileAsync(string source)
    {
        string text = await File.ReadAllTextAsync(source);
        if (compiled.Add(text))
        {
            await ExecuteAsync("include " + PathArgument(Path.GetFullPath(source)));
        }
    }

    /// <summary>A path as the monitor takes it.</summary>
    public static string PathArgument(string path) => "@" + path.Replace(" ", "\\ ", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await monitor.DisposeAsync();
        lifeline.Stop();
        await process.DisposeAsync();
        CacheFolder.DeleteQuietly(folder.FullName);
    }

    private async Task OpenAsync(int? port, TimeSpan limit, CancellationToken cancellation)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(limit);
        try
        {
            int? found;
            while ((found = RenodeTranscript.MonitorPort(process.Words)) is null)
            {
                ThrowIfEnded(port);
                await Task.Delay(10, timer.Token);
            }

            var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(IPAddress.Loopback, found.Value, timer.Token);
            monitor = client.GetStream();
            await ReceiveAsync(timer.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw MachineFailures.NotReady(EmulatorName, LastWords());
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            await process.WaitAsync(TimeSpan.FromSeconds(2));
            ThrowIfEnded(port);
            throw MachineFailures.NotReady(EmulatorName, LastWords());
        }

        await ExecuteAsync("include " + PathArgument(Path.Combine(folder.FullName, AgentName)));
        await ExecuteAsync("logLevel 3");
        await ExecuteAsync("emulation CreateMcuAgent \"agent\"");
        await ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"agent Lifeline {((IPEndPoint)lifeline.LocalEndpoint).Port}"));
        await ExecuteAsync("Clear");
    }

    private void ThrowIfEnded(int? port)
    {
        if (process.Words.Contains("in use", StringComparison.OrdinalIgnoreCase))
        {
            throw MachineFailures.PortTaken(EmulatorName, port);
        }

        if (process.HasExited)
        {
            throw MachineFailures.NotReady(EmulatorName, LastWords());
        }
    }

    private async Task<string> ReceiveAsync(CancellationToken cancellation)
    {
        var text = new StringBuilder();
        do
        {
            int count = await monitor.ReadAsync(buffer, cancellation);
            if (count == 0)
            {
                throw new EndOfStreamException();
            }

            text.Append(RenodeTranscript.Decode(buffer.AsSpan(0, count)));
        }
        while (!RenodeTranscript.IsComplete(text.ToString()));
        return text.ToString();
    }

    private string LastWords() => process.Words.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(line => line.Contains("xception", StringComparison.Ordinal))?.Trim()
        ?? process.Words.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()?.Trim() ?? "";
}
