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

    /// <summary>
    /// A lower-case C and C++ identifier of at most 40 characters: other characters become one underscore; a name that would start with a
    /// digit, be empty or be a keyword gets the prefix <c>net_</c>.
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
        return identifier.Length == 0 || char.IsAsciiDigit(identifier[0]) || Keywords.Contains(identifier) ? ("net_" + identifier).TrimEnd('_') : identifier;
    }

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
