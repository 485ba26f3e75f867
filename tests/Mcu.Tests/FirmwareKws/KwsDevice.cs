using System.Globalization;
using Mcu.Emulation.Machines;
using Mcu.Generator.Targets;

namespace Mcu.Tests.FirmwareKws;

/// <summary>The other end of the serial port of <c>tests/firmware-kws</c> on an emulated machine, which stands while it has nothing to answer.</summary>
internal sealed class KwsDevice(IMachine machine, CancellationToken cancellation) : IAsyncDisposable
{
    private const int DataBytes = 64;

    private static readonly RunUntil Idle = RunUntil.Reaches("wait_for_command");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public IMachine Machine { get; } = machine;

    /// <summary>The flash chip, which power cuts leave as it is.</summary>
    private MemoryRegion Chip => new((uint)Machine.Symbols.AddressOf("nor"), (uint)Machine.Symbols.SizeOf("nor"));

    /// <summary>Runs from a reset to the first command; the state that the firmware says.</summary>
    public async Task<string> BootAsync()
    {
        (await Machine.RunAsync(Idle, cancellation)).Expect(StopReason.Reached);
        string line = await Machine.Serial.WaitForAsync("ready", Patience, cancellation);
        return line["ready ".Length..];
    }

    /// <summary>One command and its answer.</summary>
    public async Task<string> AskAsync(string command)
    {
        await Machine.Serial.SendLineAsync(command, cancellation);
        (await Machine.RunAsync(Idle, cancellation)).Expect(StopReason.Reached);
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(Patience);
        return await Machine.Serial.LinesAsync(timer.Token).FirstAsync(timer.Token);
    }

    /// <summary>A command that must do.</summary>
    public async Task DoAsync(string command)
    {
        string answer = await AskAsync(command);
        Assert.True(answer == "ok", $"{command}: {answer}");
    }

    /// <summary>Class and output bytes of one sample.</summary>
    public async Task<(int Class, byte[] Output)> RunAsync(ReadOnlyMemory<byte> sample)
    {
        string answer = await AskAsync("run " + Convert.ToHexString(sample.Span));
        string[] words = answer.Split(' ');
        Assert.True(words is ["ok", "class", _, "output", _], answer);
        return (int.Parse(words[2], CultureInfo.InvariantCulture), Convert.FromHexString(words[4]));
    }

    /// <summary>The system resets itself; the state that it says then.</summary>
    public async Task<string> ResetAsync()
    {
        await DoAsync("reset");
        return (await Machine.Serial.WaitForAsync("ready", Patience, cancellation))["ready ".Length..];
    }

    /// <summary>The commands that install an image.</summary>
    public static IEnumerable<string> Installation(int slot, byte[] image) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"install {slot} {image.Length}"),
        .. image.Chunk(DataBytes).Select(chunk => "data " + Convert.ToHexString(chunk)),
        "finish",
    ];

    public async Task DoAllAsync(IEnumerable<string> commands)
    {
        foreach (string command in commands)
        {
            await DoAsync(command);
        }
    }

    /// <summary>Instructions of a command, from its complete arrival to the next wait.</summary>
    public async Task<long> CountAsync(string command)
    {
        long start = await ArriveAsync(command);
        MachineStop end = (await Machine.RunAsync(Idle, cancellation)).Expect(StopReason.Reached);
        await Machine.Serial.WaitForAsync("ok", Patience, cancellation);
        return end.Instructions - start;
    }

    /// <summary>Cuts the power so many instructions after a command has arrived, and starts again; the state that the firmware says then.</summary>
    public async Task<string> CutAsync(string command, long instructions) => await CutAsync(await ArriveAsync(command) + instructions);

    /// <summary>Cuts the power that many instructions after the last reset, and starts again; the state that the firmware says then.</summary>
    public async Task<string> CutAsync(long instructions)
    {
        await Machine.PowerCutAsync(instructions, [Chip], cancellation);
        return await BootAsync();
    }

    /// <summary>What the flash chip holds.</summary>
    public Task<byte[]> ReadChipAsync() => Machine.ReadMemoryAsync(Chip.Origin, (int)Chip.Length, cancellation);

    /// <summary>Puts another chip in and resets; nothing runs yet.</summary>
    public async Task ReplaceChipAsync(byte[] content)
    {
        await Machine.WriteMemoryAsync(Chip.Origin, content, cancellation);
        await Machine.ResetAsync(cancellation);
    }

    public ValueTask DisposeAsync() => Machine.DisposeAsync();

    private async Task<long> ArriveAsync(string command)
    {
        await Machine.Serial.SendLineAsync(command, cancellation);
        return (await Machine.RunAsync(RunUntil.Reaches("execute_command"), cancellation)).Expect(StopReason.Reached).Instructions;
    }
}
