using System.Security.Cryptography;
using System.Text;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>The project around the classes, as the platform's users know it; the C# files alone go into an existing project as well.</summary>
internal static class NanoProject
{
    /// <summary>Package that the project refers to, and its version.</summary>
    private const string CoreLibraryVersion = "1.17.11";

    public static void Add(IDictionary<string, string> files, NanoProgram program, string space, string className, long constantBytes, bool hasImage)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["namespace"] = space,
            ["class"] = className,
            ["guid"] = ProjectGuid(space + "." + className),
            ["core_version"] = CoreLibraryVersion,
            ["sources"] = files.Keys.Select(f => f.Replace('/', '\\')).Append(@"Properties\AssemblyInfo.cs").Order(StringComparer.Ordinal).ToList(),
            ["has_image"] = hasImage,
            ["image"] = NanoEmission.ImageName(className),
            ["constant_bytes"] = constantBytes,
            ["arena_bytes"] = program.Source.ArenaBytes,
            ["scratch_bytes"] = program.Scratch.Bytes,
            ["heap_bytes"] = constantBytes + program.Source.ArenaBytes + program.Scratch.Bytes,
            ["input"] = program.Source.Input.Shape.ToString(),
            ["output"] = program.Source.Output.Shape.ToString(),
            ["adapters"] = program.Source.Model.Adapters.Select((a, i) => $"Adapter{i + 1}{NanoNames.Class(a.Name)}").ToList(),
        };
        string render(string name) => NanoEmitter.Renderer.Render(NanoEmitter.Root + "model/" + name, values);
        files["Properties/AssemblyInfo.cs"] = render("AssemblyInfo.cs.sbn");
        files[className + ".nfproj"] = render("Project.nfproj.sbn");
        files["packages.config"] = render("packages.config.sbn");
        files["README.md"] = render("README.md.sbn");
    }

    /// <summary>The same for the same name, so that equal input gives equal files.</summary>
    private static string ProjectGuid(string name)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes("mcu-nfproj " + name));
        return new Guid(hash.AsSpan(0, 16)).ToString("B").ToUpperInvariant();
    }
}
