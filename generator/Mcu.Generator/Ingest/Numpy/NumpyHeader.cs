using System.Globalization;
using System.Text;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>
/// The header of an .npy file (NEP 1, versions 1.0 to 3.0): a Python dictionary literal with <c>descr</c>,
/// <c>fortran_order</c> and <c>shape</c>. Only that literal is understood; nothing is evaluated.
/// </summary>
internal sealed class NumpyHeader
{
    private const int MaxDims = 32;

    private readonly string text;
    private readonly string location;
    private int position;

    private NumpyHeader(string text, string location)
    {
        this.text = text;
        this.location = location;
    }

    public NumpyType Type { get; private set; }

    public bool FortranOrder { get; private set; }

    public Shape Shape { get; private set; } = Shape.Scalar;

    /// <summary>Bytes of one element.</summary>
    public int ElementSize => Type switch
    {
        NumpyType.Int8 or NumpyType.UInt8 => 1,
        NumpyType.Int16 => 2,
        NumpyType.Float32 or NumpyType.Int32 => 4,
        _ => 8,
    };

    public static NumpyHeader Parse(ReadOnlySpan<byte> bytes, string location)
    {
        var header = new NumpyHeader(Encoding.UTF8.GetString(bytes), location);
        header.Read();
        return header;
    }

    private void Read()
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        Expect('{');
        while (!Accept('}'))
        {
            string key = Text();
            Expect(':');
            if (!seen.Add(key))
            {
                throw Malformed($"has '{Names.Short(key)}' twice");
            }

            ReadValue(key);
            if (!Accept(','))
            {
                Expect('}');
                break;
            }
        }

        SkipSpace();
        if (position != text.Length || seen.Count != 3)
        {
            throw Malformed("does not hold exactly 'descr', 'fortran_order' and 'shape'");
        }
    }

    private void ReadValue(string key)
    {
        switch (key)
        {
            case "descr":
                Type = ElementType();
                break;
            case "fortran_order":
                FortranOrder = Flag();
                break;
            case "shape":
                Shape = Dims();
                break;
            default:
                throw Malformed($"has the unknown key '{Names.Short(key)}'");
        }
    }

    private NumpyType ElementType()
    {
        SkipSpace();
        if (position < text.Length && text[position] == '[')
        {
            throw new DiagnosticException("MCU0122", "The array is a structured array, which is not supported.", location, "Save one plain array.");
        }

        string code = Text();
        return code switch
        {
            "<f4" => NumpyType.Float32,
            "<f8" => NumpyType.Float64,
            "|i1" or "<i1" or ">i1" => NumpyType.Int8,
            "|u1" or "<u1" or ">u1" => NumpyType.UInt8,
            "<i2" => NumpyType.Int16,
            "<i4" => NumpyType.Int32,
            "<i8" => NumpyType.Int64,
            _ when code.Contains('O', StringComparison.Ordinal) => throw new DiagnosticException("MCU0122", "The array holds pickled Python objects, which are never loaded.", location, "Save an array of numbers."),
            _ => throw new DiagnosticException("MCU0122", $"The element type '{Names.Short(code)}' is not supported.", location, "Supported, little-endian: float32, float64, int8, uint8, int16, int32, int64."),
        };
    }

    private bool Flag()
    {
        foreach ((string word, bool value) in new[] { ("True", true), ("False", false) })
        {
            SkipSpace();
            if (string.CompareOrdinal(text, position, word, 0, word.Length) == 0)
            {
                position += word.Length;
                return value;
            }
        }

        throw Malformed("has a 'fortran_order' that is neither True nor False");
    }

    private Shape Dims()
    {
        List<int> dims = [];
        Expect('(');
        while (!Accept(')'))
        {
            dims.Add(Integer());
            if (!Accept(','))
            {
                Expect(')');
                break;
            }
        }

        return dims.Count <= MaxDims ? new Shape(dims.ToArray()) : throw Malformed($"has a shape of more than {MaxDims} dimensions");
    }

    private int Integer()
    {
        SkipSpace();
        int start = position;
        while (position < text.Length && char.IsAsciiDigit(text[position]))
        {
            position++;
        }

        return int.TryParse(text.AsSpan(start, position - start), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw Malformed("has a shape with a dimension that is not a whole number from 0 to 2^31-1");
    }

    /// <summary>A quoted text; header texts never need an escape.</summary>
    private string Text()
    {
        SkipSpace();
        if (position >= text.Length || text[position] is not ('\'' or '"'))
        {
            throw Malformed("lacks a quoted text where one belongs");
        }

        int end = text.IndexOf(text[position], position + 1);
        if (end < 0)
        {
            throw Malformed("has a text without its closing quote");
        }

        string value = text[(position + 1)..end];
        position = end + 1;
        return value;
    }

    private bool Accept(char c)
    {
        SkipSpace();
        if (position >= text.Length || text[position] != c)
        {
            return false;
        }

        position++;
        return true;
    }

    private void Expect(char c)
    {
        if (!Accept(c))
        {
            throw Malformed($"lacks '{c}' at character {position}");
        }
    }

    private void SkipSpace()
    {
        while (position < text.Length && text[position] is ' ' or '\n' or '\t' or '\r')
        {
            position++;
        }
    }

    private DiagnosticException Malformed(string what) => new("MCU0121", $"The NumPy header {what}.", location);
}
