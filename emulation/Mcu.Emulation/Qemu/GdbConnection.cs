using System.Globalization;
using System.Text;

namespace Mcu.Emulation.Qemu;

/// <summary>Client of GDB's remote serial protocol, as far as a debugger of one core needs it. One request at a time.</summary>
internal sealed class GdbConnection(Stream stream) : IDisposable
{
    private const int ChunkBytes = 1024;

    private readonly byte[] buffer = new byte[16 << 10];
    private int start;
    private int end;

    /// <summary>QEMU answers single registers only once their description was asked for.</summary>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        await RequestAsync("qSupported:xmlRegisters=arm,riscv", cancellation);
        await RequestAsync("qXfer:features:read:target.xml:0,ffb", cancellation);
    }

    public async Task<string> RequestAsync(string payload, CancellationToken cancellation)
    {
        await SendAsync(payload, cancellation);
        return await ReceiveAsync(cancellation);
    }

    public async Task SendAsync(string payload, CancellationToken cancellation)
    {
        int sum = payload.Sum(c => c) & 0xFF;
        await stream.WriteAsync(Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${payload}#{sum:x2}")), cancellation);
    }

    /// <summary>Asks a running machine to stop; its answer is the pending one.</summary>
    public async Task InterruptAsync() => await stream.WriteAsync(new byte[] { 3 });

    /// <summary>The next packet without its frame.</summary>
    public async Task<string> ReceiveAsync(CancellationToken cancellation)
    {
        while (await NextAsync(cancellation) != '$')
        {
            // Acknowledgements.
        }

        var text = new StringBuilder();
        int c;
        while ((c = await NextAsync(cancellation)) != '#')
        {
            if (c == '}')
            {
                text.Append((char)(await NextAsync(cancellation) ^ 0x20));
            }
            else if (c == '*')
            {
                text.Append(text[^1], await NextAsync(cancellation) - 29);
            }
            else
            {
                text.Append((char)c);
            }
        }

        await NextAsync(cancellation);
        await NextAsync(cancellation);
        await stream.WriteAsync("+"u8.ToArray(), cancellation);
        return text.ToString();
    }

    public async Task<byte[]> ReadMemoryAsync(ulong address, int count, CancellationToken cancellation)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count; at += ChunkBytes)
        {
            int part = Math.Min(ChunkBytes, count - at);
            string answer = await RequestAsync(string.Create(CultureInfo.InvariantCulture, $"m{address + (ulong)at:x},{part:x}"), cancellation);
            if (answer.Length != part * 2)
            {
                throw new InvalidDataException("no memory there");
            }

            Convert.FromHexString(answer, bytes.AsSpan(at), out _, out _);
        }

        return bytes;
    }

    public async Task WriteMemoryAsync(ulong address, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        for (int at = 0; at < bytes.Length; at += ChunkBytes)
        {
            ReadOnlyMemory<byte> part = bytes.Slice(at, Math.Min(ChunkBytes, bytes.Length - at));
            string request = string.Create(CultureInfo.InvariantCulture, $"M{address + (ulong)at:x},{part.Length:x}:") + Convert.ToHexStringLower(part.Span);
            if (await RequestAsync(request, cancellation) != "OK")
            {
                throw new InvalidDataException("no memory there");
            }
        }
    }

    public async Task<uint> ReadRegisterAsync(int number, CancellationToken cancellation)
    {
        byte[] bytes = Convert.FromHexString(await RequestAsync("p" + number.ToString("x", CultureInfo.InvariantCulture), cancellation));
        return bytes.Length >= 4 ? BitConverter.ToUInt32(bytes) : throw new InvalidDataException("no such register");
    }

    /// <summary>Inserts (true) or removes a breakpoint in code.</summary>
    public Task BreakpointAsync(ulong address, bool insert, CancellationToken cancellation) =>
        RequestAsync(string.Create(CultureInfo.InvariantCulture, $"{(insert ? 'Z' : 'z')}0,{address:x},2"), cancellation);

    public void Dispose() => stream.Dispose();

    private async ValueTask<int> NextAsync(CancellationToken cancellation)
    {
        if (start == end)
        {
            start = 0;
            end = await stream.ReadAsync(buffer, cancellation);
            if (end == 0)
            {
                throw new EndOfStreamException();
            }
        }

        return buffer[start++];
    }
}
