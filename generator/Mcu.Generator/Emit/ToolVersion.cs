using System.Reflection;

namespace Mcu.Generator.Emit;

/// <summary>The tool's version, as it stands in banners and manifests.</summary>
public static class ToolVersion
{
    public static string Text { get; } =
        typeof(ToolVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
