using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Mcu.Emulation.Managed;

/// <summary>
/// The platform runs static constructors in the order of the method table when it loads an assembly, not before a class is first used (nf-interpreter,
/// <c>CLR_RT_Assembly::FindNextStaticConstructor</c>), so that one must not use static fields of another class: these may not be set yet.
/// </summary>
internal static class StaticConstructorRules
{
    public static void Check(MetadataReader reader, IReadOnlyDictionary<MethodDefinitionHandle, MethodIl> bodies, List<string> findings)
    {
        foreach (MethodDefinitionHandle constructor in bodies.Keys.Where(h => reader.GetString(reader.GetMethodDefinition(h).Name) == ".cctor"))
        {
            MethodDefinition method = reader.GetMethodDefinition(constructor);
            IEnumerable<FieldDefinition> others = CallGraph.Reach(bodies, [constructor], withObjects: true)
                .SelectMany(m => m.Value.Instructions)
                .Where(i => i.OpCode is ILOpCode.Ldsfld or ILOpCode.Ldsflda or ILOpCode.Stsfld)
                .Select(i => MetadataTokens.EntityHandle(i.Token))
                .Where(h => h.Kind == HandleKind.FieldDefinition)
                .Distinct()
                .Select(h => reader.GetFieldDefinition((FieldDefinitionHandle)h))
                .Where(f => f.GetDeclaringType() != method.GetDeclaringType());
            findings.AddRange(others.Select(f =>
                $"{IlChecker.NameOf(reader, method)}: uses {reader.GetString(reader.GetTypeDefinition(f.GetDeclaringType()).Name)}.{reader.GetString(f.Name)}, whose static constructor may run later"));
        }
    }
}
