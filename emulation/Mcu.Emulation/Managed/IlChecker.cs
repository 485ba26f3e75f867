using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Mcu.Emulation.Managed;

/// <summary>
/// Proves on a compiled assembly what the platform needs: its limits, several of which its own tools do not check, no construct that it lacks, and no
/// allocation in what <c>Run</c> reaches.
/// </summary>
public static class IlChecker
{
    /// <summary>Limits of the platform (per assembly, class or method), with a margin where a limit was found by trying.</summary>
    private const int HeapBytes = 65_535;
    private const int Locals = 254;
    private const int Parameters = 255;
    private const int Stack = 250;
    private const int SwitchCases = 255;
    private const int BranchBytes = 32_767;
    private const int MembersPerClass = 255;
    private const int Methods = 4_000;
    private const int Types = 1_500;

    /// <summary>What is wrong; empty where nothing is.</summary>
    /// <param name="entry">Name of the method that must be there and must not allocate, such as <c>Run</c>; it and its class are public.</param>
    /// <param name="allowNative">Whether methods without IL may stand for code in the firmware.</param>
    public static IReadOnlyList<string> Check(byte[] assembly, string entry = "Run", bool allowNative = false)
    {
        using var pe = new PEReader(new MemoryStream(assembly));
        MetadataReader reader = pe.GetMetadataReader();
        var findings = new List<string>();
        CheckHeaps(reader, findings);
        var bodies = new Dictionary<MethodDefinitionHandle, MethodIl>();
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
        {
            CheckType(reader, handle, findings);
        }

        foreach (MethodDefinitionHandle handle in reader.MethodDefinitions)
        {
            MethodDefinition method = reader.GetMethodDefinition(handle);
            string name = NameOf(reader, method);
            SignatureRules.Check(method, name, findings);
            if (method.RelativeVirtualAddress == 0)
            {
                CheckNative(method, name, allowNative, findings);
                continue;
            }

            MethodBodyBlock body = pe.GetMethodBody(method.RelativeVirtualAddress);
            MethodIl il = MethodIl.Read(body);
            bodies[handle] = il;
            CheckBody(reader, method, name, body, il, findings);
        }

        int ilBytes = bodies.Values.Sum(b => b.Bytes);
        Limit(findings, "assembly", "bytes of IL", ilBytes, HeapBytes);
        StaticConstructorRules.Check(reader, bodies, findings);
        AllocationRules.Check(reader, bodies, entry, findings);
        return findings;
    }

    /// <summary>Bytes of IL, of array initialisers and of the assembly, for reports.</summary>
    public static AssemblySizes Sizes(byte[] assembly)
    {
        using var pe = new PEReader(new MemoryStream(assembly));
        MetadataReader reader = pe.GetMetadataReader();
        int il = reader.MethodDefinitions.Select(reader.GetMethodDefinition).Where(m => m.RelativeVirtualAddress != 0)
            .Sum(m => pe.GetMethodBody(m.RelativeVirtualAddress).GetILBytes()!.Length);
        return new AssemblySizes(assembly.Length, il, DataBytes(reader));
    }

    internal static string NameOf(MetadataReader reader, MethodDefinition method) =>
        $"{reader.GetString(reader.GetTypeDefinition(method.GetDeclaringType()).Name)}.{reader.GetString(method.Name)}";

    internal static void Limit(List<string> findings, string place, string what, long value, long limit)
    {
        if (value > limit)
        {
            findings.Add($"{place}: {value} {what}, the limit is {limit}");
        }
    }

    private static void CheckHeaps(MetadataReader reader, List<string> findings)
    {
        int blobs = reader.GetHeapSize(HeapIndex.Blob);
        int data = DataBytes(reader);
        Limit(findings, "assembly", "bytes of array initialisers and signatures", (long)blobs + data, HeapBytes);
        Limit(findings, "assembly", "bytes of names and strings", (long)reader.GetHeapSize(HeapIndex.String) + (reader.GetHeapSize(HeapIndex.UserString) / 2), HeapBytes);
        Limit(findings, "assembly", "methods", reader.MethodDefinitions.Count, Methods);
        Limit(findings, "assembly", "types", reader.TypeDefinitions.Count, Types);
    }

    private static int DataBytes(MetadataReader reader)
    {
        int bytes = 0;
        foreach (FieldDefinitionHandle handle in reader.FieldDefinitions)
        {
            FieldDefinition field = reader.GetFieldDefinition(handle);
            if (field.GetRelativeVirtualAddress() != 0)
            {
                bytes += field.DecodeSignature(new DataSize(reader), null);
            }
        }

        return bytes;
    }

    private static void CheckType(MetadataReader reader, TypeDefinitionHandle handle, List<string> findings)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name);
        if (type.GetGenericParameters().Count > 0)
        {
            findings.Add($"{name}: generic types do not load");
        }

        int statics = type.GetMethods().Count(m => reader.GetMethodDefinition(m).Attributes.HasFlag(System.Reflection.MethodAttributes.Static));
        Limit(findings, name, "static methods", statics, MembersPerClass);
        Limit(findings, name, "instance methods", type.GetMethods().Count - statics, MembersPerClass);
        Limit(findings, name, "static fields", type.GetFields().Count(f => reader.GetFieldDefinition(f).Attributes.HasFlag(System.Reflection.FieldAttributes.Static)), MembersPerClass);
    }

    private static void CheckNative(MethodDefinition method, string name, bool allowNative, List<string> findings)
    {
        if (method.ImplAttributes.HasFlag(System.Reflection.MethodImplAttributes.InternalCall) && !allowNative)
        {
            findings.Add($"{name}: native code in the managed form");
        }
    }

    private static void CheckBody(MetadataReader reader, MethodDefinition method, string name, MethodBodyBlock body, MethodIl il, List<string> findings)
    {
        if (!body.LocalSignature.IsNil)
        {
            System.Collections.Immutable.ImmutableArray<string> locals = reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(TypeNames.Instance, null);
            Limit(findings, name, "locals", locals.Length, Locals);
            SignatureRules.CheckTypes(locals, name, findings);
        }

        MethodSignature<string> signature = method.DecodeSignature(TypeNames.Instance, null);
        Limit(findings, name, "parameters and this", signature.ParameterTypes.Length + (signature.Header.IsInstance ? 1 : 0), Parameters);
        Limit(findings, name, "values on the stack", body.MaxStack, Stack);
        Limit(findings, name, "switch cases", il.LargestSwitch, SwitchCases);
        Limit(findings, name, "bytes of a branch", il.LongestBranch, BranchBytes);
        Limit(findings, name, "bytes of IL", il.Bytes, HeapBytes);
        findings.AddRange(il.Instructions.Select(i => i.OpCode).Distinct().Where(OpcodeRules.IsForbidden).Select(o => $"{name}: {OpcodeRules.Name(o)} is not supported or not the same on the platform"));
    }
}

/// <summary>Sizes of one assembly in bytes.</summary>
public sealed record AssemblySizes(int AssemblyBytes, int IlBytes, int DataBytes);
