using System.Text;

namespace Mcu.Generator.Emit.NanoFramework.Interop;

/// <summary>What a method is to the table of native methods of its assembly.</summary>
public enum NativeSlotKind
{
    /// <summary>Implemented by the firmware.</summary>
    Native,

    /// <summary>Has IL or is abstract: an empty entry that the checksum counts.</summary>
    Managed,

    /// <summary>Of an interface, delegate or enumeration: an empty entry that the checksum passes over.</summary>
    Uncounted,
}

/// <summary>One method in the order of the assembly's method table.</summary>
/// <param name="ClassName">The class as <see cref="NativeNames.Class"/> writes it.</param>
/// <param name="MethodName">The method as <see cref="NativeNames.Method"/> writes it.</param>
public sealed record NativeSlot(string ClassName, string MethodName, NativeSlotKind Kind);

/// <summary>
/// The number by which the platform recognises that firmware and assembly belong together: a CRC-32 (polynomial 04C11DB7, most significant
/// bit first, from 0, not inverted) over the names of the native methods and a mark for every other one. As the platform's metadata
/// processor computes it, what precedes the first native method counts as nothing; of that method only the name counts.
/// </summary>
public static class NativeChecksum
{
    private const uint Polynomial = 0x04C11DB7;

    private const string ManagedMark = "NULL";

    /// <summary>The checksum; 0 where no method is native.</summary>
    /// <param name="assembly">The assembly's simple name.</param>
    /// <param name="slots">Every method in the order of the table.</param>
    public static uint Of(string assembly, IEnumerable<NativeSlot> slots)
    {
        uint value = 0;
        bool started = false;
        foreach (NativeSlot slot in slots.Where(s => s.Kind != NativeSlotKind.Uncounted))
        {
            bool native = slot.Kind == NativeSlotKind.Native;
            value = (native, started) switch
            {
                (true, false) => Add(0, slot.MethodName),
                (true, true) => Add(Add(Add(value, assembly), slot.ClassName), slot.MethodName),
                (false, true) => Add(value, ManagedMark),
                (false, false) => 0,
            };
            started |= native;
        }

        return value;
    }

    private static uint Add(uint value, string text)
    {
        foreach (byte next in Encoding.ASCII.GetBytes(text))
        {
            value ^= (uint)next << 24;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value << 1) ^ ((value >> 31) * Polynomial);
            }
        }

        return value;
    }
}

/// <summary>Names of classes and methods in native declarations.</summary>
public static class NativeNames
{
    /// <summary>A class: name spaces and enclosing classes before it, all joined with underscores.</summary>
    /// <param name="enclosing">The enclosing class as this method gives it, or empty.</param>
    public static string Class(string enclosing, string space, string name) =>
        string.Join('_', enclosing, space, name).Replace('.', '_').TrimStart('_');

    /// <summary>A method with the types of its result and its parameters.</summary>
    public static string Method(string name, bool isStatic, IEnumerable<string> types) =>
        (name + (isStatic ? "___STATIC__" : "___") + string.Join("__", types)).Replace('.', '_').Replace("/", "", StringComparison.Ordinal);
}
