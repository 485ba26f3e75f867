using System.Reflection.Metadata;

namespace Mcu.Emulation.Managed;

/// <summary>Types that signatures may hold.</summary>
internal static class SignatureRules
{
    public static void Check(MethodDefinition method, string name, List<string> findings)
    {
        MethodSignature<string> signature = method.DecodeSignature(TypeNames.Instance, null);
        CheckTypes(signature.ParameterTypes.Append(signature.ReturnType), name, findings);
        if (method.GetGenericParameters().Count > 0)
        {
            findings.Add($"{name}: generic methods do not load");
        }
    }

    public static void CheckTypes(IEnumerable<string> types, string name, List<string> findings) =>
        findings.AddRange(types.Where(t => t.StartsWith('!')).Distinct(StringComparer.Ordinal).Select(t => $"{name}: {t[1..]} in a signature"));
}
