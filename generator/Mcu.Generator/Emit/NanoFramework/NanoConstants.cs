using System.Globalization;
using System.Text;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>
/// Constant arrays of the managed form and the expressions that make them. In code they are methods of classes of at most 200, whose initialisers
/// lie in flash until a network is constructed; static fields would lie on the heap twice from boot.
/// </summary>
internal sealed class NanoConstants(string className, bool inImage)
{
    /// <summary>The interpreter allows 255 static methods per class.</summary>
    private const int MethodsPerClass = 200;

    private const int Width = 120;

    private readonly List<(string Name, CTable Table)> tables = [];
    private readonly Dictionary<CTable, int> indexes = [];
    private readonly List<int> offsets = [];

    /// <summary>Bytes of all distinct arrays.</summary>
    public long Bytes => tables.Sum(t => (long)t.Table.Bytes);

    /// <summary>Bytes that a network's arrays take on the heap, without their headers: each expression makes an array, and packed weights take the place of theirs.</summary>
    public long HeapBytes { get; private set; }

    /// <summary>Bytes of the arrays as an image has them.</summary>
    public int ImageBytes { get; private set; }

    public int Classes => (tables.Count + MethodsPerClass - 1) / MethodsPerClass;

    /// <summary>Weights three to a number (runtime/Lanes.cs), of rows as long as <paramref name="shape"/> is deep.</summary>
    public string Packed(CTable weights, string name, LinearShape shape)
    {
        HeapBytes += (8L * ((shape.Outputs + 5) / 6 * 2) * shape.Depth) - weights.Bytes;
        return string.Create(CultureInfo.InvariantCulture, $"Lanes.PackRows({Expression(weights, name)}, {shape.Outputs}, {shape.Depth})");
    }

    /// <summary>An expression of the array's type.</summary>
    public string Expression(CTable table, string name)
    {
        HeapBytes += table.Bytes;
        if (!indexes.TryGetValue(table, out int index))
        {
            index = tables.Count;
            indexes[table] = index;
            tables.Add((name, table));
            offsets.Add(ImageBytes);
            ImageBytes += (table.Bytes + 3) & ~3;
        }

        string length = table.Values.Length.ToString(CultureInfo.InvariantCulture);
        return inImage
            ? $"image.{Reader(table)}({offsets[index].ToString(CultureInfo.InvariantCulture)}, {length})"
            : $"{className}Constants{index / MethodsPerClass}.{tables[index].Name}()";
    }

    /// <summary>Text of the members of one class of constants.</summary>
    public string Members(int part)
    {
        var text = new StringBuilder();
        foreach ((string name, CTable table) in tables.Skip(part * MethodsPerClass).Take(MethodsPerClass))
        {
            text.Append(text.Length > 0 ? "\n" : "");
            Method(text, name, table);
        }

        return text.ToString();
    }

    /// <summary>The arrays one after the other, each padded to four bytes.</summary>
    public byte[] Image()
    {
        byte[] image = new byte[ImageBytes];
        for (int i = 0; i < tables.Count; i++)
        {
            tables[i].Table.ToBytes().CopyTo(image.AsSpan(offsets[i]));
        }

        return image;
    }

    private static string Reader(CTable table) => table.CType switch
    {
        "int8_t" => "Int8",
        "uint8_t" => "UInt8",
        "int16_t" => "Int16",
        _ => "Int32",
    };

    private static void Method(StringBuilder text, string name, CTable table)
    {
        string type = NanoNames.Type(table.CType);
        text.Append("        internal static ").Append(type).Append("[] ").Append(name).Append("()\n        {\n            return new ").Append(type).Append("[]\n            {");
        int column = Width;
        foreach (long value in table.Values)
        {
            string literal = value.ToString(CultureInfo.InvariantCulture);
            if (column + literal.Length + 2 > Width)
            {
                text.Append("\n                ");
                column = 16;
            }
            else
            {
                text.Append(' ');
                column++;
            }

            text.Append(literal).Append(',');
            column += literal.Length + 1;
        }

        text.Append("\n            };\n        }\n");
    }
}
