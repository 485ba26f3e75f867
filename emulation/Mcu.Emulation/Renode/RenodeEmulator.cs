using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Mcu.Emulation.Building;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Running;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Renode;

/// <summary>
/// Runs firmware in Renode (1.16 or later), found by <c>RENODE</c>, the search path or an explicit path. Its processes start
/// slowly, so they stay for the next run until this object is disposed.
/// </summary>
/// <remarks>Renode's monitor listens on every network interface of this host while it runs, and obeys whoever connects.</remarks>
public sealed class RenodeEmulator : IMachineEmulator, IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly ToolProbe tools;
    private readonly string? path;
    private readonly ConcurrentBag<RenodeHost> idle = [];
    private bool disposed;

    public RenodeEmulator()
        : this(new ToolProbe())
    {
    }

    /// <param name="path">Renode's program; null to look for it.</param>
    public RenodeEmulator(ToolProbe tools, string? path = null)
    {
        this.tools = tools;
        this.path = path;
    }

    public string Name => "renode";

    /// <summary>Whether Renode has the target's core.</summary>
    public static bool Supports(TargetDescription target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return RenodePlatform.Has(target);
    }

    public async Task<RunResult> RunAsync(FirmwareImage image, ReadOnlyMemory<byte> inputs, RunOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(options);
        int samples = RunRequest.Check(image, inputs, options);
        Require(image.Target);
        using var folder = new RunFolder(inputs, options.Deltas);
        var run = new RenodeRun(image, folder, options, samples);
        RenodeHost host = await LeaseAsync(null, StartLimit, cancellation);
        try
        {
            ProcessOutcome outcome = await run.ExecuteAsync(host, cancellation);
            idle.Add(host);
            return run.Result(outcome);
        }
        catch (OperationCanceledException)
        {
            await host.DisposeAsync();
            throw;
        }
        catch (DiagnosticException) when (!host.IsAlive)
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async Task<IMachine> StartAsync(string elf, TargetDescription target, MachineOptions? options = null, CancellationToken cancellation = default)
    {
        MachineOptions chosen = options ?? new MachineOptions();
        FirmwareSymbols symbols = FirmwareSymbols.Read(elf);
        Require(target);
        ArtifactFolder.Check(chosen.Artifacts);
        var folder = new RunFolder(chosen.Files);
        RenodeHost? host = null;
        try
        {
            host = await LeaseAsync(chosen.Port, chosen.StartTimeout > StartLimit ? chosen.StartTimeout : StartLimit, cancellation);
            return await RenodeSession.StartAsync(target, symbols, folder, chosen, host, Return, cancellation);
        }
        catch
        {
            folder.Dispose();
            if (host is not null)
            {
                await host.DisposeAsync();
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        disposed = true;
        while (idle.TryTake(out RenodeHost? host))
        {
            await host.DisposeAsync();
        }
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static void Require(TargetDescription target)
    {
        if (!RenodePlatform.Has(target))
        {
            throw MachineFailures.NoMachine("renode", target.Name);
        }
    }

    /// <summary>An idle process, or a new one; one with a given port is always new.</summary>
    private async Task<RenodeHost> LeaseAsync(int? port, TimeSpan limit, CancellationToken cancellation)
    {
        while (port is null && idle.TryTake(out RenodeHost? host))
        {
            if (host.IsAlive)
            {
                return host;
            }

            await host.DisposeAsync();
        }

        string program = path ?? (await tools.RequireAsync(ToolKind.Renode, cancellation)).Path!;
        return await RenodeHost.StartAsync(program, port, limit, cancellation);
    }

    private async ValueTask Return(RenodeHost host)
    {
        if (disposed || !host.IsAlive)
        {
            await host.DisposeAsync();
        }
        else
        {
            idle.Add(host);
        }
    }
}

/// <summary>One run over samples: files in, script, wait for the end, files out.</summary>
internal sealed class RenodeRun(FirmwareImage image, RunFolder folder, RunOptions options, int samples)
{
    private const int SliceMilliseconds = 500;

    private static readonly TimeSpan SampleLimit = TimeSpan.FromMinutes(5);

    public async Task<ProcessOutcome> ExecuteAsync(RenodeHost host, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var clock = Stopwatch.StartNew();
        File.Copy(image.Path, folder.At(RenodePlatform.ImageName));
        await File.WriteAllTextAsync(folder.At(RenodePlatform.PlatformName), RenodePlatform.Platform(image.Target, ""), cancellation);
        string[] arguments = [options.AdapterIndex.ToString(CultureInfo.InvariantCulture)];
        await File.WriteAllTextAsync(folder.At(RenodePlatform.ScriptName), RenodePlatform.Script(image.Target, folder.Path, arguments), cancellation);
        var elf = ElfFile.Read(image.Path);
        await host.ExecuteAsync("include " + RenodeHost.PathArgument(folder.At(RenodePlatform.ScriptName)));
        await host.ExecuteAsync(string.Create(
            CultureInfo.InvariantCulture, $"agent Count \"{folder.At(RunFolder.CountsName)}\" 0x{elf.AddressOf(image.Manifest.Prefix + "_run"):x} 0x{elf.AddressOf(HarnessSources.ReturnLabel):x}"));
        RenodeState state = await WaitAsync(host, clock, cancellation);
        await host.ExecuteAsync("Clear"); // closes the firmware's files
        return new ProcessOutcome(
            state.Reason == "exit" ? state.ExitCode : 1, "", state.Reason == "lockup" ? "Lockup" : "", state.Reason == "time", clock.Elapsed);
    }

    public RunResult Result(ProcessOutcome outcome)
    {
        var judge = new RunJudge(image, folder, samples);
        judge.Check(outcome);
        return judge.Counted([.. image.Target.Notes, .. image.Target.Renode?.Notes ?? []]);
    }

    private async Task<RenodeState> WaitAsync(RenodeHost host, Stopwatch clock, CancellationToken cancellation)
    {
        TimeSpan limit = options.Timeout ?? SampleLimit * Math.Max(1, samples);
        while (true)
        {
            int slice = (int)Math.Clamp((limit - clock.Elapsed).TotalMilliseconds, 1, SliceMilliseconds);
            RenodeState state = RenodeState.Parse(await host.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"agent Run 0 {slice}")));
            cancellation.ThrowIfCancellationRequested();
            if (state.Reason != "time" || clock.Elapsed > limit)
            {
                return state;
            }
        }
    }
}

/// <summary>The agent's answer to a run: why it stopped, where, after how many instructions, with which exit code.</summary>
internal readonly record struct RenodeState(string Reason, ulong Pc, long Instructions, int ExitCode)
{
    public static RenodeState Parse(string answer)
    {
        string[] words = answer.Split(' ');
        return words.Length == 4
            ? new RenodeState(
                words[0],
                ulong.Parse(words[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                long.Parse(words[2], CultureInfo.InvariantCulture),
                int.Parse(words[3], CultureInfo.InvariantCulture))
            : throw new DiagnosticException("MCU1110", $"Renode's agent answers '{answer}'.", "renode");
    }
}
