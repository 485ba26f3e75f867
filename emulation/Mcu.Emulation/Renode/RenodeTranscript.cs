using System.Text.RegularExpressions;

namespace Mcu.Emulation.Renode;

/// <summary>
/// Reads what Renode's monitor writes to a telnet connection in plain mode: negotiation of options, then for every command its
/// echo, what it says, and a prompt that names the machine in use.
/// </summary>
internal static partial class RenodeTranscript
{
    private const byte Interpret = 0xFF;
    private const int NegotiationBytes = 3;

    private static readonly string[] Complaints =
    [
        "There was an error executing command",
        "No such command or device",
        "Errors during compilation",
        "Could not ",
        "Parameters did not match",
        "Bad parameters",
        "Invalid ",
        "Syntax error",
    ];

    /// <summary>Whether a command has ended: the text's last line is a prompt.</summary>
    public static bool IsComplete(string text) => Prompt().IsMatch(text);

    /// <summary>Bytes without telnet's three-byte negotiations, and the monitor's stray zeros, as text.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new System.Text.StringBuilder(bytes.Length);
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == Interpret)
            {
                i += NegotiationBytes - 1;
            }
            else if (bytes[i] != 0)
            {
                text.Append((char)bytes[i]);
            }
        }

        return text.ToString();
    }

    /// <summary>What a command said, without echo and prompt; lines are divided by a line feed.</summary>
    public static string Answer(string text)
    {
        string body = Prompt().Replace(text, "");
        string[] lines = body.Replace("\r", "", StringComparison.Ordinal).Split('\n');
        return string.Join('\n', lines.Skip(1)).Trim();
    }

    /// <summary>The monitor's complaint in one line; null when the command succeeded.</summary>
    public static string? Complaint(string answer)
    {
        bool complains = Complaints.Any(words => answer.StartsWith(words, StringComparison.Ordinal) || answer.Contains("\n" + words, StringComparison.Ordinal));
        return complains ? string.Join(' ', answer.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) : null;
    }

    /// <summary>Port of the monitor from Renode's log; null when it is not told yet.</summary>
    public static int? MonitorPort(string log) =>
        PortLine().Match(log) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"(?:^|[\r\n])\s*\((?:monitor|mcu|machine-\d+)\) ?$")]
    private static partial Regex Prompt();

    [GeneratedRegex(@"telnet mode on port (\d{1,5})\s")]
    private static partial Regex PortLine();
}
