using System.Globalization;
using System.Text;

namespace Mcu.Generator.Emit.C;

/// <summary>Names from models and users are hostile input: makes identifiers and comment text of them.</summary>
public static class CNames
{
    private static readonly HashSet<string> Keywords = new(
        [
            "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
            "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
            "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
            "asm", "bool", "catch", "class", "delete", "explicit", "export", "false", "friend", "mutable", "namespace",
            "new", "operator", "private", "protected", "public", "template", "this", "throw", "true", "try", "typeid",
            "typename", "using", "virtual", "main", "mcu",
        ],
        StringComparer.Ordinal);

    /// <summary>Stems of the standard library's types: <c>size_t</c> is not ours to define.</summary>
    private static readonly HashSet<string> TypeStems = new(
        [
            "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "int_least8", "int_least16", "int_least32",
            "int_least64", "uint_least8", "uint_least16", "uint_least32", "uint_least64", "int_fast8", "int_fast16", "int_fast32",
            "int_fast64", "uint_fast8", "uint_fast16", "uint_fast32", "uint_fast64", "intptr", "uintptr", "intmax", "uintmax",
            "size", "ptrdiff", "wchar", "wint", "max_align", "nullptr", "char8", "char16", "char32", "time", "clock", "div", "ldiv",
            "lldiv", "imaxdiv", "sig_atomic", "mbstate", "fpos", "fenv", "fexcept", "float", "double", "errno", "off", "ssize", "pid",
        ],
        StringComparer.Ordinal);

    /// <summary>
    /// A lower-case C and C++ identifier of at most 40 characters: other characters become one underscore; a name that would start with a
    /// digit, be empty, a keyword, a standard type's or one of the runtime's names gets the prefix <c>net_</c>.
    /// </summary>
    public static string Identifier(string name)
    {
        var builder = new StringBuilder(name.Length);
        foreach (char c in name)
        {
            bool valid = char.IsAsciiLetterOrDigit(c);
            if (valid || (builder.Length > 0 && builder[^1] != '_'))
            {
                builder.Append(valid ? char.ToLowerInvariant(c) : '_');
            }

            if (builder.Length == 40)
            {
                break;
            }
        }

        string identifier = builder.ToString().TrimEnd('_');
        return identifier.Length == 0 || char.IsAsciiDigit(identifier[0]) || IsTaken(identifier) ? ("net_" + identifier).TrimEnd('_') : identifier;
    }

    private static bool IsTaken(string identifier) =>
        Keywords.Contains(identifier) || TypeStems.Contains(identifier) || identifier.StartsWith("mcu_", StringComparison.Ordinal);

    /// <summary>The name in upper case, for macros.</summary>
    public static string Macro(string identifier) => identifier.ToUpperInvariant();

    /// <summary>Text that is harmless in a C comment: printable ASCII without comment ends, trigraphs and backslashes.</summary>
    public static string Comment(string text)
    {
        var builder = new StringBuilder(Math.Min(text.Length, 120));
        foreach (char c in text)
        {
            if (builder.Length >= 120)
            {
                builder.Append("...");
                break;
            }

            bool printable = c is >= ' ' and <= '~' && c is not ('\\' or '?' or '*');
            builder.Append(printable ? c : c == '*' ? '+' : '_');
        }

        return builder.ToString();
    }

    /// <summary>A real number as a C float literal that reads back to the same value.</summary>
    public static string Float(float value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        return text.AsSpan().IndexOfAny('.', 'e') < 0 ? text + ".0f" : text + "f";
    }
}
