using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Mcu.Emulation.Managed;

/// <summary>A type in a signature, as native declarations write it.</summary>
/// <param name="Name">Its word, where it is no array and no reference.</param>
/// <param name="Definition">Where it is a type of the assembly itself.</param>
internal sealed record NativeType(string Name, TypeDefinitionHandle Definition = default)
{
    public NativeType? Element { get; private init; }

    private bool IsReference { get; init; }

    public NativeType Innermost => Element?.Innermost ?? this;

    /// <summary>An array of arrays is written as an array of its innermost elements, except behind a reference.</summary>
    public string Word => this switch
    {
        { Element: null } => Name,
        { IsReference: false } => "SZARRAY_" + Innermost.Name,
        { Element.Element: { } items } => "BYREF_SZARRAY_" + items.Word,
        _ => "BYREF_" + Element.Name,
    };

    public static NativeType ArrayOf(NativeType element) => new("") { Element = element };

    public static NativeType ReferenceTo(NativeType element) => new("") { Element = element, IsReference = true };
}

/// <summary>The platform's words for types in signatures: those of its data types, and full names without points for others.</summary>
internal sealed class NativeTypes : ISignatureTypeProvider<NativeType, object?>
{
    public static NativeTypes Instance { get; } = new();

    /// <summary>A type's name with its name space; a nested type behind the type around it and a slash.</summary>
    public static string FullName(MetadataReader reader, TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name);
        return type.GetDeclaringType().IsNil ? Join(reader.GetString(type.Namespace), name) : $"{FullName(reader, type.GetDeclaringType())}/{name}";
    }

    public NativeType GetSZArrayType(NativeType elementType) => NativeType.ArrayOf(elementType);

    public NativeType GetArrayType(NativeType elementType, ArrayShape shape) => NativeType.ArrayOf(elementType);

    public NativeType GetByReferenceType(NativeType elementType) => NativeType.ReferenceTo(elementType);

    public NativeType GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => new(Word(FullName(reader, handle)), handle);

    public NativeType GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        TypeReference type = reader.GetTypeReference(handle);
        return new NativeType(Word(Join(reader.GetString(type.Namespace), reader.GetString(type.Name))));
    }

    public NativeType GetPrimitiveType(PrimitiveTypeCode typeCode) => new(typeCode switch
    {
        PrimitiveTypeCode.Void => "VOID",
        PrimitiveTypeCode.Boolean => "BOOLEAN",
        PrimitiveTypeCode.Char => "CHAR",
        PrimitiveTypeCode.SByte => "I1",
        PrimitiveTypeCode.Int16 => "I2",
        PrimitiveTypeCode.Int32 or PrimitiveTypeCode.IntPtr => "I4",
        PrimitiveTypeCode.Int64 => "I8",
        PrimitiveTypeCode.Byte => "U1",
        PrimitiveTypeCode.UInt16 => "U2",
        PrimitiveTypeCode.UInt32 or PrimitiveTypeCode.UIntPtr => "U4",
        PrimitiveTypeCode.UInt64 => "U8",
        PrimitiveTypeCode.Single => "R4",
        PrimitiveTypeCode.Double => "R8",
        PrimitiveTypeCode.String => "STRING",
        PrimitiveTypeCode.Object => "OBJECT",
        _ => typeCode.ToString(),
    });

    public NativeType GetModifiedType(NativeType modifier, NativeType unmodifiedType, bool isRequired) => unmodifiedType;

    public NativeType GetPinnedType(NativeType elementType) => elementType;

    public NativeType GetPointerType(NativeType elementType) => elementType;

    public NativeType GetFunctionPointerType(MethodSignature<NativeType> signature) => new("");

    public NativeType GetGenericInstantiation(NativeType genericType, ImmutableArray<NativeType> typeArguments) => genericType;

    public NativeType GetGenericMethodParameter(object? genericContext, int index) => new("GENERICTYPE");

    public NativeType GetGenericTypeParameter(object? genericContext, int index) => new("GENERICTYPE");

    public NativeType GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    private static string Join(string space, string name) => space.Length == 0 ? name : $"{space}.{name}";

    private static string Word(string fullName) => fullName.Replace(".", "", StringComparison.Ordinal);
}
