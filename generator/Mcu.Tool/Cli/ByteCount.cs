using System.CommandLine.Parsing;
using System.Globalization;

namespace Mcu.Tool.Cli;

/// <summary>A number of bytes as people write it: <c>65536</c>, <c>64K</c>, <c>64KiB</c>, <c>1M</c>.</summary>
internal static class ByteCount
{
    public static long? Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        string digits = text.TrimEnd('i', 'B', 'b', 'k', 'K', 'm', 'M');
        long? unit = text[digits.Length..].ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "K" or "KB" or "KIB" => 1 << 10,
            "M" or "MB" or "MIB" => 1 << 20,
            _ => null,
        };
        if (unit is { } factor && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count <= long.MaxValue / factor)
        {
            return count * factor;
        }

        result.AddError($"'{text}' is not a number of bytes, such as 65536, 64K or 1M.");
        return null;
    }
}
