using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Mcu.Emulation.Managed;

/// <summary>What <c>Run</c> reaches must not allocate, box, make text, or call outside a small set; an exception may be made where it is thrown.</summary>
internal static class AllocationRules
{
    private static readonly HashSet<string> AllowedCalls = new(["Array.Copy", "Array.Clear", "Array.get_Length"], StringComparer.Ordinal);

    public static void Check(MetadataReader reader, IReadOnlyDictionary<MethodDefinitionHandle, MethodIl> bodies, string entry, List<string> findings)
    {
        MethodDefinitionHandle[] entries = [.. bodies.Keys.Where(h => IsEntry(reader, h, entry))];
        if (entries.Length == 0)
        {
            findings.Add($"assembly: no public class has a public {entry}");
        }

        foreach ((MethodDefinitionHandle handle, MethodIl il) in CallGraph.Reach(bodies, entries))
        {
            string name = IlChecker.NameOf(reader, reader.GetMethodDefinition(handle));
            for (int i = 0; i < il.Instructions.Count; i++)
            {
                IlInstruction instruction = il.Instructions[i];
                switch (instruction.OpCode)
                {
                    case ILOpCode.Newarr or ILOpCode.Box or ILOpCode.Ldstr:
                        findings.Add($"{name}: {OpcodeRules.Name(instruction.OpCode)} in what {entry} reaches");
                        break;
                    case ILOpCode.Newobj when i + 1 == il.Instructions.Count || il.Instructions[i + 1].OpCode != ILOpCode.Throw:
                        findings.Add($"{name}: an object is made in what {entry} reaches");
                        break;
                    case ILOpCode.Call or ILOpCode.Callvirt:
                        CheckCall(reader, MetadataTokens.EntityHandle(instruction.Token), name, findings);
                        break;
                }
            }
        }
    }

    private static void CheckCall(MetadataReader reader, EntityHandle callee, string name, List<string> findings)
    {
        if (callee.Kind != HandleKind.MethodDefinition && Target(reader, callee) is var target && !AllowedCalls.Contains(target))
        {
            findings.Add($"{name}: calls {target}");
        }
    }

    private static string Target(MetadataReader reader, EntityHandle callee)
    {
        if (callee.Kind != HandleKind.MemberReference)
        {
            return callee.Kind.ToString();
        }

        MemberReference member = reader.GetMemberReference((MemberReferenceHandle)callee);
        string type = member.Parent.Kind == HandleKind.TypeReference ? reader.GetString(reader.GetTypeReference((TypeReferenceHandle)member.Parent).Name) : member.Parent.Kind.ToString();
        return $"{type}.{reader.GetString(member.Name)}";
    }

    private static bool IsEntry(MetadataReader reader, MethodDefinitionHandle handle, string entry)
    {
        MethodDefinition method = reader.GetMethodDefinition(handle);
        TypeDefinition type = reader.GetTypeDefinition(method.GetDeclaringType());
        return reader.GetString(method.Name) == entry
            && (method.Attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public
            && (type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public;
    }
}
