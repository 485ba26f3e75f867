using System.Globalization;
using System.Text;

namespace Mcu.Emulation.Qemu;

/// <summary>Client of QEMU's qtest protocol, for the lines of devices: inputs are set, intercepted outputs are told.</summary>
internal sealed class QtestConnection(Stream stream) : IDisposable
{
    private readonly StreamReader reader = new(stream, Encoding.ASCII, false, 4096, leaveOpen: true);

    /// <summary>
    /// Does a command; the changes of intercepted lines since the one before, in their order. <see cref="InvalidOperationException"/> with
    /// QEMU's words when it refuses.
    /// </summary>
    public async Task<IReadOnlyList<(int Line, bool Level)>> ExecuteAsync(string command, CancellationToken cancellation)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\n"), cancellation);
        var changes = new List<(int Line, bool Level)>();
        while (true)
        {
            string answer = await reader.ReadLineAsync(cancellation) ?? throw new EndOfStreamException();
            string[] words = answer.Split(' ');
            switch (words[0])
            {
                case "IRQ":
                    changes.Add((int.Parse(words[2], CultureInfo.InvariantCulture), words[1] == "raise"));
                    break;
                case "OK":
                    return changes;
                default:
                    throw new InvalidOperationException(answer);
            }
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        stream.Dispose();
    }
}
