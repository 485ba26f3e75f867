using System.Security.Cryptography;
using System.Text;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Emit.NanoFramework.Interop;

/// <summary>What class and firmware agree on: the assembly's name, its methods in order, and the name of the native one.</summary>
/// <param name="Assembly">The assembly's simple name.</param>
/// <param name="Method">The native method in C#.</param>
/// <param name="Slots">All methods of the assembly in the order of its method table.</param>
public sealed record InteropContract(string Assembly, string Method, EquatableArray<NativeSlot> Slots)
{
    public uint Checksum => NativeChecksum.Of(Assembly, Slots);

    /// <summary>The one native method.</summary>
    public NativeSlot Native => Slots.Single(s => s.Kind == NativeSlotKind.Native);

    /// <summary>
    /// The emitted class's methods. The native one has a digest of the C sources in its name, as names alone make the platform's checksum: so
    /// the runtime refuses an assembly on a firmware with another network, other adapters or another version of the kernels.
    /// </summary>
    public static InteropContract Of(string space, string className, CEmission native)
    {
        string method = "Infer_" + Digest(native);
        string name = NativeNames.Class("", space, className);
        NativeSlot slot(string text, bool isStatic, NativeSlotKind kind, params string[] types) => new(name, NativeNames.Method(text, isStatic, types), kind);
        return new InteropContract(
            space + "." + className,
            method,
            [
                slot(".ctor", false, NativeSlotKind.Managed, "VOID"),
                slot("get_Selected", false, NativeSlotKind.Managed, "I4"),
                slot("Select", false, NativeSlotKind.Managed, "BOOLEAN", "I4"),
                slot("Run", false, NativeSlotKind.Managed, "VOID", "SZARRAY_I1", "SZARRAY_I1"),
                slot(method, true, NativeSlotKind.Native, "VOID", "SZARRAY_I1", "I4", "SZARRAY_I1", "SZARRAY_I1"),
            ]);
    }

    /// <summary>64 bits of the SHA-256 over every source's name and text.</summary>
    private static string Digest(CEmission native)
    {
        var text = new StringBuilder("mcu-interop 1\n");
        foreach ((string path, string source) in native.Files)
        {
            text.Append(path).Append(' ').Append(source.Length).Append('\n').Append(source);
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 8));
    }
}
