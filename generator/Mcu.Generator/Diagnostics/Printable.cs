using System.Text;

namespace Mcu.Generator.Diagnostics;

/// <summary>Names from files are hostile input: makes them safe to print and bounds their length.</summary>
public static class Printable
{
    private const int Limit = 1000;

    /// <summary>The text with control and surrogate characters shown as <c>\uXXXX</c>, cut at a bounded length.</summary>
    public static string Text(string value)
    {
        var builder = new StringBuilder(Math.Min(value.Length, Limit));
        foreach (char c in value)
        {
            if (builder.Length >= Limit)
            {
                return builder.Append('…').ToString();
            }

            if (char.IsControl(c) && c != '\n' || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or '\u202e')
            {
                builder.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
            }
            else
            {
                builder.Append(c);
            }
        }

        return builder.ToString();
    }
}
