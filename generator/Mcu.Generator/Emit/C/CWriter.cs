using System.Globalization;
using System.Text;

namespace Mcu.Generator.Emit.C;

/// <summary>Writes constant arrays as C text; large ones would be slow in a template.</summary>
public static class CWriter
{
    private const int Width = 108;

    /// <summary><c>const MCU_FLASH TYPE symbol[N] SECTION MCU_ALIGN4 = {…};</c></summary>
    public static void Array(StringBuilder text, CArray array, string section)
    {
        text.Append(array.CType).Append(' ').Append(array.Symbol).Append('[')
            .Append(array.Table.Values.Length.ToString(CultureInfo.InvariantCulture)).Append("] ").Append(section).Append(" MCU_ALIGN4 = {");
        int column = Width;
        for (int i = 0; i < array.Table.Values.Length; i++)
        {
            string value = Literal(array.Table, array.Table.Values[i]);
            if (column + value.Length + 2 > Width)
            {
                text.Append("\n    ");
                column = 4;
            }

            text.Append(value).Append(i + 1 < array.Table.Values.Length ? ", " : "");
            column += value.Length + 2;
        }

        text.Append("\n};\n");
    }

    /// <summary>The one int32 whose decimal literal would be a long is spelled as a sum.</summary>
    private static string Literal(Lowering.CTable table, long value) =>
        table.ElementBytes == 4 && value == int.MinValue ? "-2147483647 - 1" : value.ToString(CultureInfo.InvariantCulture);
}
