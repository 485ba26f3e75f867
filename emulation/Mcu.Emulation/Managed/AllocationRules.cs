using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Mcu.Emulation.Managed;

/// <summary>What <c>Run</c> reaches must not allocate, box, make text, or call outside a small set; an exception may be made where it is thrown.</summary>
internal static class AllocationRules
{
    private static readonly HashSet<string> AllowedCalls = new(["Array.Copy", "Array.Clear", "Array.get_Length"], StringComparer.Ordinal);

    public static void Check(MetadataReader reader, IReadOnlyDictionary<MethodDefinitionHandle, MethodIl> bodies, string entry, List<string> findings)
    {
        var queue = new Queue<MethodDefinitionHandle>(bodies.Keys.Where(h => IsEntry(reader, h, entry)));
        var seen = new HashSet<MethodDefinitionHandle>(queue);
        while (queue.TryDequeue(out MethodDefinitionHandle handle))
        {
            string name = IlChecker.NameOf(reader, reader.GetMethodDefinition(handle));
            if (!bodies.TryGetValue(handle, out MethodIl? il))
            {
                continue;
            }

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
                        Follow(reader, MetadataTokens.EntityHandle(instruction.Token), name, seen, queue, findings);
                        break;
                }
            }
        }
    }

    private static void Follow(MetadataReader reader, EntityHandle callee, string name, HashSet<MethodDefinitionHandle> seen, Queue<MethodDefinitionHandle> queue, List<string> findings)
    {
        if (callee.Kind == HandleKind.MethodDefinition)
        {
            var own = (MethodDefinitionHandle)callee;
            if (seen.Add(own))
            {
                queue.Enqueue(own);
            }

            return;
        }

        string target = Target(reader, callee);
        if (!AllowedCalls.Contains(target))
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
        return reader.GetString(method.Name) == entry && type.Attributes.HasFlag(System.Reflection.TypeAttributes.Public);
    }
}
