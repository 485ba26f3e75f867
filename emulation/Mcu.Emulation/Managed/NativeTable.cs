using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Mcu.Generator.Emit.NanoFramework.Interop;

namespace Mcu.Emulation.Managed;

/// <summary>The methods of a compiled assembly in the order of the platform's method table, which its native code must follow.</summary>
/// <param name="Assembly">The assembly's simple name.</param>
/// <param name="Slots">One for each method.</param>
public sealed record NativeTable(string Assembly, IReadOnlyList<NativeSlot> Slots)
{
    public uint Checksum => NativeChecksum.Of(Assembly, Slots);

    public static NativeTable Read(byte[] assembly)
    {
        using var pe = new PEReader(new MemoryStream(assembly));
        MetadataReader reader = pe.GetMetadataReader();
        IEnumerable<NativeSlot> slots = new TypeOrder(pe, reader).Types().SelectMany(t => Methods(reader, t));
        return new NativeTable(reader.GetString(reader.GetAssemblyDefinition().Name), [.. slots]);
    }

    /// <summary>Virtual methods, then instance methods, then static ones, each as the metadata have them.</summary>
    private static IEnumerable<NativeSlot> Methods(MetadataReader reader, TypeDefinitionHandle type) =>
        reader.GetTypeDefinition(type).GetMethods().Select(reader.GetMethodDefinition).OrderBy(Rank).Select(m => Slot(reader, type, m));

    private static int Rank(MethodDefinition method) =>
        method.Attributes.HasFlag(MethodAttributes.Virtual) ? 0 : method.Attributes.HasFlag(MethodAttributes.Static) ? 2 : 1;

    private static NativeSlot Slot(MetadataReader reader, TypeDefinitionHandle type, MethodDefinition method)
    {
        MethodSignature<NativeType> signature = method.DecodeSignature(NativeTypes.Instance, null);
        string name = NativeNames.Method(
            reader.GetString(method.Name),
            method.Attributes.HasFlag(MethodAttributes.Static),
            signature.ParameterTypes.Prepend(signature.ReturnType).Select(t => t.Word));
        bool isNative = method.RelativeVirtualAddress == 0 && !method.Attributes.HasFlag(MethodAttributes.Abstract);
        NativeSlotKind kind = !IsCounted(reader, type) ? NativeSlotKind.Uncounted : isNative ? NativeSlotKind.Native : NativeSlotKind.Managed;
        return new NativeSlot(ClassName(reader, type), name, kind);
    }

    private static string ClassName(MetadataReader reader, TypeDefinitionHandle handle)
    {
        if (handle.IsNil)
        {
            return "";
        }

        TypeDefinition type = reader.GetTypeDefinition(handle);
        return NativeNames.Class(ClassName(reader, type.GetDeclaringType()), reader.GetString(type.Namespace), reader.GetString(type.Name));
    }

    /// <summary>Classes and structures count; interfaces, delegates and enumerations do not.</summary>
    private static bool IsCounted(MetadataReader reader, TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string parent = type.BaseType.Kind == HandleKind.TypeReference ? reader.GetString(reader.GetTypeReference((TypeReferenceHandle)type.BaseType).Name) : "";
        return !type.Attributes.HasFlag(TypeAttributes.Interface) && parent is not ("MulticastDelegate" or "Delegate" or "Enum");
    }
}

/// <summary>
/// Types in the order of the platform's tables: by full name, but each behind the type around it, its interfaces, and what the methods that
/// it calls take and return.
/// </summary>
internal sealed class TypeOrder(PEReader pe, MetadataReader reader)
{
    private readonly HashSet<TypeDefinitionHandle> seen = [];
    private readonly List<TypeDefinitionHandle> order = [];

    public List<TypeDefinitionHandle> Types()
    {
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions.OrderBy(t => NativeTypes.FullName(reader, t), StringComparer.Ordinal))
        {
            if (NativeTypes.FullName(reader, handle) != "<Module>")
            {
                Add(handle);
            }
        }

        return order;
    }

    private void Add(TypeDefinitionHandle handle)
    {
        if (seen.Contains(handle))
        {
            return;
        }

        TypeDefinition type = reader.GetTypeDefinition(handle);
        if (!type.GetDeclaringType().IsNil)
        {
            Add(type.GetDeclaringType());
        }

        foreach (EntityHandle face in type.GetInterfaceImplementations().Select(i => reader.GetInterfaceImplementation(i).Interface).Where(i => i.Kind == HandleKind.TypeDefinition))
        {
            Add((TypeDefinitionHandle)face);
        }

        if (seen.Add(handle))
        {
            foreach (TypeDefinitionHandle used in type.GetMethods().SelectMany(Used))
            {
                Add(used);
            }

            order.Add(handle);
        }
    }

    /// <summary>Types of this assembly in the signatures of the methods that a method names.</summary>
    private IEnumerable<TypeDefinitionHandle> Used(MethodDefinitionHandle handle)
    {
        int address = reader.GetMethodDefinition(handle).RelativeVirtualAddress;
        return address == 0
            ? []
            : MethodIl.Read(pe.GetMethodBody(address)).Instructions.Where(i => i.Token != 0).Select(i => MetadataTokens.EntityHandle(i.Token)).SelectMany(Named);
    }

    private IEnumerable<TypeDefinitionHandle> Named(EntityHandle called)
    {
        MethodSignature<NativeType> signature;
        switch (called.Kind)
        {
            case HandleKind.MethodDefinition:
                signature = reader.GetMethodDefinition((MethodDefinitionHandle)called).DecodeSignature(NativeTypes.Instance, null);
                break;
            case HandleKind.MemberReference when reader.GetMemberReference((MemberReferenceHandle)called).GetKind() == MemberReferenceKind.Method:
                signature = reader.GetMemberReference((MemberReferenceHandle)called).DecodeMethodSignature(NativeTypes.Instance, null);
                break;
            default:
                return [];
        }

        return signature.ParameterTypes.Prepend(signature.ReturnType).Select(t => t.Innermost.Definition).Where(d => !d.IsNil);
    }
}
