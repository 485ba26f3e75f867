using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Deltas.Security;

/// <summary>Key ids as people write them.</summary>
public static class KeyId
{
    /// <summary>Bytes of hexadecimal digits; MCU1218 for anything else, or more than <see cref="CoseSign1.MaxKidBytes"/> bytes.</summary>
    public static byte[] Parse(string hex, string place)
    {
        bool valid = hex.Length is > 0 and <= 2 * CoseSign1.MaxKidBytes && hex.Length % 2 == 0 && hex.All(char.IsAsciiHexDigit);
        return valid
            ? Convert.FromHexString(hex)
            : throw new DiagnosticException("MCU1218", $"A key id is 1 to {CoseSign1.MaxKidBytes} bytes in hexadecimal.", place, "Give an even number of digits, such as 0a1b.");
    }
}
