using System.Globalization;
using System.Text;
using Mcu.Generator.Emit.C;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>C# names and literals; names from models and users are hostile input.</summary>
internal static class NanoNames
{
    /// <summary>Members of the emitted class, what every class inherits, and the classes of kernels and runtime, which it would hide: no class can be called as one.</summary>
    private static readonly HashSet<string> Taken = new(
        [
            "Run", "Select", "Load", "Create", "InputLength", "OutputLength", "ArenaBytes", "InputScale", "InputZeroPoint", "OutputScale", "OutputZeroPoint", "Adapters",
            "AdapterCount", "Selected", "Attach", "Detach", "CheckDelta", "CheckImage", "AttachedDeltas", "DeltaImages", "DeltaRank", "Adapter", "System", "Mcu", "Object", "Equals", "GetHashCode", "GetType", "ToString", "MemberwiseClone", "ReferenceEquals", "Finalize",
            "Lora", "Scratch", .. Templates.List(NanoEmitter.Root).Where(f => f.EndsWith(".cs", StringComparison.Ordinal)).Select(f => Path.GetFileNameWithoutExtension(f)),
        ],
        StringComparer.Ordinal);

    /// <summary>A class name in Pascal case from a name's ASCII letters and digits.</summary>
    public static string Class(string name)
    {
        var text = new StringBuilder();
        foreach (string part in CNames.Identifier(name).Split('_', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append(char.ToUpperInvariant(part[0])).Append(part.AsSpan(1));
        }

        string pascal = text.ToString();
        return Taken.Contains(pascal) || pascal.StartsWith("Adapter", StringComparison.Ordinal) ? pascal + "Network" : pascal;
    }

    /// <summary>C# type of a table's elements.</summary>
    public static string Type(string cType) => cType switch
    {
        "int8_t" => "sbyte",
        "uint8_t" => "byte",
        "int16_t" => "short",
        "int32_t" => "int",
        _ => throw new ArgumentOutOfRangeException(nameof(cType), cType, "No table has this element type."),
    };

    /// <summary>A float literal that reads back to the same value.</summary>
    public static string Float(float value) => value.ToString("R", CultureInfo.InvariantCulture) + "f";

    /// <summary>Text that is harmless in an XML comment.</summary>
    public static string Comment(string text) => CNames.Comment(text).Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
