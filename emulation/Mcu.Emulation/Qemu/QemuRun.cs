using System.Globalization;
using Mcu.Emulation.Machines;

namespace Mcu.Emulation.Qemu;

/// <summary>One run of a machine in QEMU, from the command to go on to the reason why it stopped.</summary>
internal sealed class QemuRun(QemuSession session, QemuBoot boot, RunUntil until)
{
    private const int Tick = 2;
    private const int StepInstructions = 64;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    /// <summary>Runs to the end of the run; the processor stands again afterwards, or the program has ended.</summary>
    public async Task<MachineStop> RunAsync(CancellationToken cancellation)
    {
        ulong? goal = until.Address ?? (until.Symbol is { } name ? session.Symbols.AddressOf(name) : null);
        if (goal is { } address)
        {
            await boot.Gdb.BreakpointAsync(address, true, cancellation);
        }

        try
        {
            return await RunAsync(goal, cancellation);
        }
        catch (IOException) when (LockedUp())
        {
            session.MarkEnded(); // QEMU gives up on a lock-up
            return new MachineStop(StopReason.LockUp, 0, null, session.Executed, 0, null);
        }
        catch (IOException) when (HasFinished())
        {
            session.MarkEnded(); // a short program can end, and QEMU with it, before the debugger's last word is out
            return new MachineStop(StopReason.Exited, 0, null, session.Executed, 0, null);
        }
        finally
        {
            if (goal is { } inserted && !session.Handlers.Contains(inserted) && !session.HasEnded && !boot.Process.HasExited)
            {
                await boot.Gdb.BreakpointAsync(inserted, false, CancellationToken.None);
            }
        }
    }

    /// <summary>Runs until the plugin holds the processor at a count, and leaves it held.</summary>
    public async Task HoldAsync(long count, CancellationToken cancellation)
    {
        boot.Counter.HoldAt(count);
        Task<string> stop = await ContinueAsync(cancellation);
        while (!boot.Counter.IsHeld)
        {
            if (stop.IsCompleted)
            {
                MachineStop ended = await StopAsync(await stop, null, cancellation);
                throw MachineFailures.Cannot("qemu", string.Create(CultureInfo.InvariantCulture, $"The program ended after {ended.Instructions} instructions, before the power cut ({ended.Reason})."));
            }

            await Task.WhenAny(stop, Task.Delay(1, cancellation));
            await session.TakeEventsAsync();
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private bool LockedUp()
    {
        boot.Process.WaitAsync(TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
        return boot.Process.Words.Contains("Lockup", StringComparison.Ordinal);
    }

    /// <summary>Whether QEMU ended as it does when the program exits with 0; a signal leaves another code, or words.</summary>
    private bool HasFinished() => boot.Process.HasExited && boot.Process.ExitCode == 0 && !boot.Process.Words.Contains("terminating on signal", StringComparison.Ordinal);

    private async Task<MachineStop> RunAsync(ulong? goal, CancellationToken cancellation)
    {
        long? limit = until.Limit;
        if (limit is { } more)
        {
            boot.Counter.HoldAt(boot.Counter.Executed + more);
        }

        if (await StepOverBreakpointAsync(goal, cancellation) is { } early)
        {
            return early;
        }

        Task<string> stop = await ContinueAsync(cancellation);
        DateTime end = DateTime.UtcNow + until.WallClock;
        while (!stop.IsCompleted)
        {
            await Task.WhenAny(stop, Task.Delay(Tick, CancellationToken.None));
            await session.TakeEventsAsync();
            StopReason? reason = stop.IsCompleted ? null
                : boot.Counter.IsHeld ? StopReason.InstructionLimit
                : DateTime.UtcNow > end || cancellation.IsCancellationRequested ? StopReason.TimeLimit : null;
            if (reason is { } why)
            {
                string answer = await InterruptAsync(stop);
                cancellation.ThrowIfCancellationRequested();
                return answer[0] == 'T' ? await StandingAsync(why, cancellation) : await StopAsync(answer, goal, cancellation);
            }
        }

        boot.Counter.Release();
        return await StopAsync(await stop, goal, cancellation);
    }

    /// <summary>A breakpoint where the processor stands would stop it at once.</summary>
    private async Task<MachineStop?> StepOverBreakpointAsync(ulong? goal, CancellationToken cancellation)
    {
        ulong pc = await boot.Gdb.ReadRegisterAsync(session.PcNumber, cancellation);
        if (pc != goal && !session.Handlers.Contains(pc))
        {
            return null;
        }

        await boot.Gdb.SendAsync("s", cancellation);
        string answer = await AnswerAsync(boot.Gdb.ReceiveAsync(CancellationToken.None));
        if (answer[0] != 'T')
        {
            return await StopAsync(answer, goal, cancellation);
        }

        ulong now = await boot.Gdb.ReadRegisterAsync(session.PcNumber, cancellation);
        return now == goal || session.Handlers.Contains(now) ? await StopAsync(answer, goal, cancellation) : null;
    }

    private async Task<Task<string>> ContinueAsync(CancellationToken cancellation)
    {
        await boot.Gdb.SendAsync("c", cancellation);
        return boot.Gdb.ReceiveAsync(CancellationToken.None);
    }

    /// <summary>
    /// QEMU stops between two blocks, and on a busy host notices late that it was asked to: a held processor is let on by a few
    /// instructions at a time until the stop has come.
    /// </summary>
    private async Task<string> InterruptAsync(Task<string> stop)
    {
        bool held = boot.Counter.IsHeld;
        await boot.Gdb.InterruptAsync();
        DateTime end = DateTime.UtcNow + StopLimit;
        while (held && !stop.IsCompleted && DateTime.UtcNow < end)
        {
            await Task.WhenAny(stop, Task.Delay(Tick));
            await session.TakeEventsAsync();
            boot.Counter.HoldAt(boot.Counter.Executed + StepInstructions);
        }

        boot.Counter.Release();
        return await AnswerAsync(stop).WaitAsync(StopLimit);
    }

    /// <summary>The debugger's answer; the processor may be held at watched writes before it stops.</summary>
    private async Task<string> AnswerAsync(Task<string> stop)
    {
        while (await Task.WhenAny(stop, Task.Delay(1, CancellationToken.None)) != stop)
        {
            await session.TakeEventsAsync();
        }

        return await stop;
    }

    private async Task<MachineStop> StopAsync(string answer, ulong? goal, CancellationToken cancellation)
    {
        if (answer[0] is 'W' or 'X')
        {
            session.MarkEnded();
            int code = answer[0] == 'W' ? int.Parse(answer.AsSpan(1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : -1;
            return new MachineStop(StopReason.Exited, 0, null, session.Executed, code, null);
        }

        ulong pc = await boot.Gdb.ReadRegisterAsync(session.PcNumber, cancellation);
        if (pc != goal && session.Handlers.Contains(pc))
        {
            MachineRegisters registers = await session.ReadRegistersAsync(cancellation);
            (StopReason reason, string sentence, string? function) = await FaultReader.ReadAsync(
                registers, (address, count) => boot.Gdb.ReadMemoryAsync(address, count, cancellation), session.Symbols, session.Target);
            return new MachineStop(reason, pc, function, session.Executed, 0, sentence);
        }

        return await StandingAsync(StopReason.Reached, cancellation);
    }

    private async Task<MachineStop> StandingAsync(StopReason reason, CancellationToken cancellation)
    {
        ulong pc = await boot.Gdb.ReadRegisterAsync(session.PcNumber, cancellation);
        return new MachineStop(reason, pc, session.Symbols.FunctionAt(pc), session.Executed, 0, null);
    }
}
