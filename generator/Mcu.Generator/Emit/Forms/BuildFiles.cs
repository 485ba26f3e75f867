using Mcu.Generator.Emit.C;

namespace Mcu.Generator.Emit.Forms;

/// <summary>Renders the files by which build systems take the sources in; path in the output folder to text.</summary>
internal static class BuildFiles
{
    private const string Root = "runtime-templates/forms/";

    private static readonly TemplateRenderer Renderer = new();

    /// <param name="manifest">The sources where they lie.</param>
    /// <param name="headers">Every header where it lies.</param>
    public static IEnumerable<KeyValuePair<string, string>> Of(EmittedManifest manifest, IEnumerable<string> headers, IReadOnlyCollection<BuildForm> forms)
    {
        IReadOnlyDictionary<string, object?> values = Values(manifest, headers);
        return forms.Append(BuildForm.CMake).Distinct().Order().SelectMany(form => TemplatesOf(form, manifest.Prefix))
            .Select(file => KeyValuePair.Create(file.Path, Renderer.Render(Root + file.Template, values)));
    }

    private static (string Path, string Template)[] TemplatesOf(BuildForm form, string prefix) => form switch
    {
        BuildForm.CMake => [("CMakeLists.txt", "CMakeLists.txt.sbn")],
        BuildForm.Zephyr => [("zephyr/module.yml", "module.yml.sbn"), ("zephyr/Kconfig", "Kconfig.sbn")],
        BuildForm.EspIdf => [("idf_component.yml", "idf_component.yml.sbn")],
        BuildForm.PlatformIo => [("library.json", "library.json.sbn")],
        BuildForm.Arduino => [("library.properties", "library.properties.sbn")],
        BuildForm.CmsisPack => [($"Mcu.{prefix}.pdsc", "cmsis.pdsc.sbn")],
        _ => throw new ArgumentOutOfRangeException(nameof(form)),
    };

    private static Dictionary<string, object?> Values(EmittedManifest manifest, IEnumerable<string> headers)
    {
        string root = manifest.IncludeDirs[0];
        return new(StringComparer.Ordinal)
        {
            ["prefix"] = manifest.Prefix,
            ["macro"] = CNames.Macro(manifest.Prefix),
            ["version"] = manifest.ToolVersion,
            ["header"] = Path.GetFileName(manifest.Header),
            ["header_path"] = manifest.Header,
            ["sources"] = manifest.Sources,
            ["headers"] = headers.ToList(),
            ["include_dirs"] = manifest.IncludeDirs,
            ["source_root"] = root,
            // Relative to the root, as PlatformIO filters and includes.
            ["inner_dirs"] = manifest.IncludeDirs.Where(dir => dir != root).ToList(),
            ["adapters"] = manifest.Adapters.Length - 1,
        };
    }
}
