using System.Text;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>Kernels in C# with parts that only some networks need; what is emitted has no directives.</summary>
internal static class NanoSource
{
    /// <summary>The text with or without its lines between <c>#if</c> <paramref name="symbol"/> and <c>#endif</c>, which do not nest.</summary>
    public static string Part(string text, string symbol, bool isIn)
    {
        var result = new StringBuilder(text.Length);
        bool inside = false;
        foreach (string line in text.Split('\n'))
        {
            string word = line.Trim();
            if (word == "#if " + symbol)
            {
                inside = true;
            }
            else if (inside && word == "#endif")
            {
                inside = false;
            }
            else if (!inside || isIn)
            {
                result.Append(line).Append('\n');
            }
        }

        return result.Remove(result.Length - 1, 1).ToString();
    }
}
