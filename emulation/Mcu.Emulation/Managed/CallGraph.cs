using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Mcu.Emulation.Managed;

/// <summary>Which methods of an assembly can run when others do.</summary>
internal static class CallGraph
{
    /// <summary>The first methods and what they call, directly or not, each once; methods without IL are left out.</summary>
    /// <param name="withObjects">Whether constructors of objects that are made count as called.</param>
    public static IEnumerable<KeyValuePair<MethodDefinitionHandle, MethodIl>> Reach(
        IReadOnlyDictionary<MethodDefinitionHandle, MethodIl> bodies, IEnumerable<MethodDefinitionHandle> first, bool withObjects = false)
    {
        var queue = new Queue<MethodDefinitionHandle>(first);
        var seen = new HashSet<MethodDefinitionHandle>(queue);
        while (queue.TryDequeue(out MethodDefinitionHandle handle))
        {
            if (!bodies.TryGetValue(handle, out MethodIl? il))
            {
                continue;
            }

            yield return new(handle, il);
            IEnumerable<EntityHandle> called = il.Instructions
                .Where(i => i.OpCode is ILOpCode.Call or ILOpCode.Callvirt || (withObjects && i.OpCode == ILOpCode.Newobj))
                .Select(i => MetadataTokens.EntityHandle(i.Token));
            foreach (EntityHandle callee in called.Where(c => c.Kind == HandleKind.MethodDefinition))
            {
                if (seen.Add((MethodDefinitionHandle)callee))
                {
                    queue.Enqueue((MethodDefinitionHandle)callee);
                }
            }
        }
    }
}
