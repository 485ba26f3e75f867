using Mcu.Generator.Emit.C;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Emit.Forms;

/// <summary>Where the sources lie in the output folder.</summary>
/// <param name="IncludeDirs">Folders for <c>-I</c>.</param>
internal sealed record SourceLayout(EquatableArray<string> IncludeDirs)
{
    private const string FlatFolder = "src";

    private bool isFlat;

    /// <summary>The network's files in the folder itself, the runtime's in <c>mcu</c>; or all in <c>src</c> where a build system knows no other.</summary>
    public static SourceLayout For(IReadOnlyCollection<BuildForm> forms) =>
        forms.Contains(BuildForm.Arduino) ? new SourceLayout([FlatFolder]) { isFlat = true } : new SourceLayout([".", "mcu"]);

    public string Place(string file) =>
        isFlat && (Path.GetExtension(file) is ".c" or ".h") ? $"{FlatFolder}/{Path.GetFileName(file)}" : file;

    public EmittedManifest Place(EmittedManifest manifest) => manifest with
    {
        Header = Place(manifest.Header),
        Sources = manifest.Sources.Select(Place).ToEquatableArray(),
        IncludeDirs = IncludeDirs,
    };

    public IEnumerable<KeyValuePair<string, string>> Place(CEmission emission) =>
        emission.Files.Select(file => KeyValuePair.Create(Place(file.Key), file.Value));
}
