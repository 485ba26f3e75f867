using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Mcu.Emulation.Machines;
using Mcu.Emulation.Running;
using Mcu.Emulation.Tools;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Emulation.Qemu;

/// <summary>One running QEMU with its connections; a power cut ends it and another one follows.</summary>
internal sealed class QemuBoot : IAsyncDisposable
{
    private const string GdbSocket = "gdb.sock";
    private const string QmpSocket = "qmp.sock";
    private const string SerialSocket = "uart.sock";
    private const string QtestSocket = "qtest.sock";
    private const string SerialDevice = "uart";
    private const string StateName = "state.bin";

    private QemuBoot(EmulatorProcess process, MachineCounter counter)
    {
        Process = process;
        Counter = counter;
    }

    public EmulatorProcess Process { get; }

    public MachineCounter Counter { get; }

    public GdbConnection Gdb { get; private set; } = null!;

    public QmpConnection Qmp { get; private set; } = null!;

    public Stream SerialStream { get; private set; } = null!;

    /// <summary>Where the machine has a GPIO controller.</summary>
    public QtestConnection? Qtest { get; private set; }

    /// <summary>Starts QEMU with the processor held at its reset (MCU1004, MCU1105, MCU1106).</summary>
    public static async Task<QemuBoot> StartAsync(
        string qemu, string plugin, string elf, TargetDescription target, RunFolder folder, MachineOptions options, CancellationToken cancellation)
    {
        foreach (string name in (string[])[GdbSocket, QmpSocket, SerialSocket, QtestSocket])
        {
            File.Delete(folder.At(name));
        }

        var counter = new MachineCounter(folder.At(StateName));
        var request = new ProcessRequest(qemu, Arguments(elf, plugin, target, options)) { WorkingDirectory = folder.Path };
        EmulatorProcess process = EmulatorProcess.Start(request) ?? throw new DiagnosticException("MCU1004", "QEMU does not start.", qemu);
        var boot = new QemuBoot(process, counter);
        try
        {
            await boot.ConnectAsync(folder, target, options, cancellation);
            return boot;
        }
        catch
        {
            await boot.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends QEMU where its processor stands. What the serial port sent is still to be read.</summary>
    public Task KillAsync() => Process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync(); // first: a held processor would run on
        Gdb?.Dispose();
        Qmp?.Dispose();
        Qtest?.Dispose();
        SerialStream?.Dispose();
        Counter.Dispose();
    }

    private static string[] Arguments(string elf, string plugin, TargetDescription target, MachineOptions options)
    {
        string semihosting = string.Concat(options.Arguments.Select(word => ",arg=" + word.Replace(",", ",,", StringComparison.Ordinal)));
        string[] debugger = options.Port is { } port
            ? ["-gdb", string.Create(CultureInfo.InvariantCulture, $"tcp:127.0.0.1:{port}")]
            : ["-chardev", $"socket,id=gdb,path={GdbSocket},server=on,wait=off", "-gdb", "chardev:gdb"];
        string[] lines = QemuGpio.Of(target) is null ? [] : ["-qtest", $"unix:{QtestSocket},server=on,wait=off", "-qtest-log", "none"];
        return
        [
            .. QemuEmulator.MachineArguments(target),
            "-nodefaults", "-display", "none", "-monitor", "none", "-S", "-icount", "shift=3",
            "-semihosting-config", "enable=on,target=native,arg=mcu" + semihosting,
            .. debugger,
            .. lines,
            "-qmp", $"unix:{QmpSocket},server=on,wait=off",
            "-chardev", $"socket,id={SerialDevice},path={SerialSocket},server=on,wait=off", "-serial", "chardev:" + SerialDevice,
            "-plugin", $"{plugin},state={StateName}",
            "-kernel", elf,
        ];
    }

    private async Task ConnectAsync(RunFolder folder, TargetDescription target, MachineOptions options, CancellationToken cancellation)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(options.StartTimeout);
        try
        {
            Qmp = new QmpConnection(await ConnectAsync(new UnixDomainSocketEndPoint(folder.At(QmpSocket)), options, timer.Token));
            SerialStream = await ConnectAsync(new UnixDomainSocketEndPoint(folder.At(SerialSocket)), options, timer.Token);
            EndPoint debugger = options.Port is { } port ? new IPEndPoint(IPAddress.Loopback, port) : new UnixDomainSocketEndPoint(folder.At(GdbSocket));
            Gdb = new GdbConnection(await ConnectAsync(debugger, options, timer.Token));
            Qtest = QemuGpio.Of(target) is null ? null
                : new QtestConnection(await ConnectAsync(new UnixDomainSocketEndPoint(folder.At(QtestSocket)), options, timer.Token));
            await Qmp.OpenAsync(timer.Token);
            await Gdb.OpenAsync(timer.Token);
            await SerialConnectionAsync(timer.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw MachineFailures.NotReady("qemu", Process.Words.Trim());
        }
        catch (Exception failure) when (failure is IOException)
        {
            await Process.WaitAsync(TimeSpan.FromSeconds(1));
            throw Refusal(options);
        }
    }

    /// <summary>Waits until QEMU has taken the serial port's connection: what firmware sends before is lost.</summary>
    private async Task SerialConnectionAsync(CancellationToken cancellation)
    {
        while (true)
        {
            JsonArray? ports = (await Qmp.ExecuteAsync("query-chardev", null, cancellation))?.AsArray();
            string? state = (string?)ports?.FirstOrDefault(port => (string?)port?["label"] == SerialDevice)?["filename"];
            if (state?.StartsWith("disconnected", StringComparison.Ordinal) == false)
            {
                return;
            }

            await Task.Delay(1, cancellation);
        }
    }

    private async Task<Stream> ConnectAsync(EndPoint end, MachineOptions options, CancellationToken cancellation)
    {
        while (true)
        {
            if (Process.HasExited)
            {
                await Process.WaitAsync(TimeSpan.FromSeconds(1));
                throw Refusal(options);
            }

            var socket = new Socket(end.AddressFamily, SocketType.Stream, end is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(end, cancellation);
                if (end is IPEndPoint)
                {
                    socket.NoDelay = true;
                }

                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException)
            {
                socket.Dispose();
                await Task.Delay(5, cancellation);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    private DiagnosticException Refusal(MachineOptions options) =>
        Process.Words.Contains("in use", StringComparison.Ordinal)
            ? MachineFailures.PortTaken("qemu", options.Port)
            : MachineFailures.NotReady("qemu", Process.Words.Trim().Split('\n')[^1]);
}
