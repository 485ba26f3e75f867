using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Machines;

/// <summary>A serial port of a machine: text lines as they come, and bytes to the firmware. Lives as long as the machine.</summary>
public sealed class SerialPort
{
    private const int MostCharacters = 1 << 20;

    private readonly Channel<string> lines = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly StringBuilder transcript = new();
    private readonly StringBuilder current = new();
    private Stream? stream;
    private Task reading = Task.CompletedTask;
    private Func<Task>? wake;

    internal SerialPort()
    {
    }

    /// <summary>All that came so far, at most the last million characters.</summary>
    public string Transcript
    {
        get
        {
            lock (transcript)
            {
                return transcript.ToString();
            }
        }
    }

    /// <summary>Lines without their end, from the first that nobody has taken; ends with the machine.</summary>
    public async IAsyncEnumerable<string> LinesAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (string line in lines.Reader.ReadAllAsync(cancellation))
        {
            yield return line;
        }
    }

    /// <summary>Takes lines until one contains a text, and gives that one; MCU1117 when none comes in time.</summary>
    public async Task<string> WaitForAsync(string text, TimeSpan limit, CancellationToken cancellation = default)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(limit);
        string last = "nothing";
        try
        {
            await foreach (string line in LinesAsync(timer.Token))
            {
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    return line;
                }

                last = $"'{line}'";
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Told below.
        }

        throw new DiagnosticException(
            "MCU1117",
            string.Create(CultureInfo.InvariantCulture, $"No line with '{text}' came from the serial port within {limit.TotalSeconds:0.###} s; the last was {last}."),
            "serial port");
    }

    /// <summary>Sends bytes to the firmware's receiver.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
    {
        if (stream is { } open)
        {
            await open.WriteAsync(bytes, cancellation);
            await open.FlushAsync(cancellation);
            await (wake?.Invoke() ?? Task.CompletedTask);
        }
    }

    /// <summary>Sends a text and a line feed.</summary>
    public Task SendLineAsync(string text, CancellationToken cancellation = default) => SendAsync(Encoding.UTF8.GetBytes(text + "\n"), cancellation);

    /// <summary>
    /// Reads from an emulator's connection until it closes. A new connection follows the old one after a power cut, once that one is
    /// <see cref="DrainAsync">drained</see>.
    /// </summary>
    /// <param name="wake">Makes the emulator look at the connection.</param>
    internal void Attach(Stream connection, Func<Task>? wake = null)
    {
        stream = connection;
        this.wake = wake;
        if (current.Length > 0)
        {
            Take("\n"); // the power went within a line
        }

        reading = ReadAsync(connection);
    }

    /// <summary>Takes what has come over a connection that the emulator has closed, to its end.</summary>
    internal async Task DrainAsync()
    {
        await reading;
        await (stream?.DisposeAsync() ?? ValueTask.CompletedTask);
        stream = null;
    }

    internal void Complete() => lines.Writer.TryComplete();

    private async Task ReadAsync(Stream connection)
    {
        byte[] buffer = new byte[4096];
        Decoder decoder = Encoding.UTF8.GetDecoder();
        char[] text = new char[buffer.Length + 1];
        try
        {
            int count;
            while ((count = await connection.ReadAsync(buffer)) > 0)
            {
                Take(text.AsSpan(0, decoder.GetChars(buffer.AsSpan(0, count), text, flush: false)));
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The emulator has gone.
        }
    }

    private void Take(ReadOnlySpan<char> text)
    {
        lock (transcript)
        {
            transcript.Append(text);
            transcript.Remove(0, Math.Max(0, transcript.Length - MostCharacters));
        }

        foreach (char c in text)
        {
            if (c == '\n')
            {
                lines.Writer.TryWrite(current.ToString().TrimEnd('\r'));
                current.Clear();
            }
            else
            {
                current.Append(c);
            }
        }
    }
}
