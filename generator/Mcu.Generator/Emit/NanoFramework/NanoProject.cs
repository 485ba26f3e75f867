using System.Security.Cryptography;
using System.Text;
using Mcu.Generator.Deltas;
using Mcu.Generator.Emit.C;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>The project around the classes, as the platform's users know it; the C# files alone go into an existing project as well.</summary>
internal static class NanoProject
{
    /// <summary>Package that the project refers to, and its version.</summary>
    private const string CoreLibraryVersion = "1.17.11";

    /// <summary>Adds project, assembly information and README; every file so far is in the project.</summary>
    public static void Add(IDictionary<string, string> files, CProgram program, NanoProjectText text)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["namespace"] = text.Namespace,
            ["class"] = text.ClassName,
            ["guid"] = ProjectGuid(text.Namespace + "." + text.ClassName),
            ["core_version"] = CoreLibraryVersion,
            ["sources"] = files.Keys.Select(f => f.Replace('/', '\\')).Append(@"Properties\AssemblyInfo.cs").Order(StringComparer.Ordinal).ToList(),
            ["has_image"] = text.HasImage,
            ["image"] = NanoEmission.ImageName(text.ClassName),
            ["constant_bytes"] = text.ConstantBytes,
            ["arena_bytes"] = program.ArenaBytes,
            ["scratch_bytes"] = text.ScratchBytes,
            ["heap_bytes"] = text.HeapBytes,
            ["input"] = program.Input.Shape.ToString(),
            ["output"] = program.Output.Shape.ToString(),
            ["deltas"] = program.Deltas.Images,
            ["abi"] = text.ClassName + DeltaAbiText.Ending,
            ["adapters"] = program.Model.Adapters.Select((a, i) => $"Adapter{i + 1}{NanoNames.Class(a.Name)}").ToList(),
            ["native_version"] = text.NativeVersion,
            ["checksum"] = text.Checksum,
        };
        string render(string name) => NanoEmitter.Renderer.Render(NanoEmitter.Root + name, values);
        files["Properties/AssemblyInfo.cs"] = render("model/AssemblyInfo.cs.sbn");
        files[text.ClassName + ".nfproj"] = render("model/Project.nfproj.sbn");
        files["packages.config"] = render("model/packages.config.sbn");
        files["README.md"] = render(text.Readme);
    }

    /// <summary>The same for the same name, so that equal input gives equal files.</summary>
    private static string ProjectGuid(string name)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes("mcu-nfproj " + name));
        return new Guid(hash.AsSpan(0, 16)).ToString("B").ToUpperInvariant();
    }
}

/// <summary>What a project says of its network.</summary>
/// <param name="HeapBytes">As <see cref="NanoEmission.HeapBytes"/>.</param>
/// <param name="ConstantBytes">Bytes of weights and tables, adapters' too; packed where they are.</param>
internal sealed record NanoProjectText(string Namespace, string ClassName, long HeapBytes, long ConstantBytes)
{
    /// <summary>Template of the README.</summary>
    public string Readme { get; init; } = "model/README.md.sbn";

    /// <summary>Bytes of the arrays that managed kernels share.</summary>
    public int ScratchBytes { get; init; }

    /// <summary>Whether the constants come as a file of their own.</summary>
    public bool HasImage { get; init; }

    /// <summary>Version of the native code; null for none.</summary>
    public string? NativeVersion { get; init; }

    /// <summary>Checksum of the native methods as text; null for none.</summary>
    public string? Checksum { get; init; }
}
