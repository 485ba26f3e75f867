using System.Text;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Emit.Forms;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Graphs;
using Mcu.Generator.Report;

namespace Mcu.Generator.Emit;

/// <summary>Everything that an output folder holds as text: sources, build files, reports, bill of materials, manifest.</summary>
/// <param name="Manifest">Describes the folder.</param>
/// <param name="Files">Text by path.</param>
public sealed record OutputFiles(EmittedManifest Manifest, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>Puts the folder together: C for the build systems asked for, or C# instead.</summary>
    public static OutputFiles Of(
        CProgram program, CEmission emission, EmittedManifest manifest, CompileReport report, IReadOnlyCollection<BuildForm> forms, NanoEmission? managed)
    {
        (EmittedManifest placed, SortedDictionary<string, string> files) = managed is null
            ? Native(emission, manifest, forms)
            : (manifest, new SortedDictionary<string, string>(managed.Files, StringComparer.Ordinal));
        files[ReportJson.FileName] = ReportJson.Write(report);
        files["report.html"] = ReportHtml.Write(report);
        IEnumerable<KeyValuePair<string, byte[]>> binaries = managed is null ? [] : managed.Binaries;
        IEnumerable<KeyValuePair<string, byte[]>> all = files.Select(file => KeyValuePair.Create(file.Key, Encoding.UTF8.GetBytes(file.Value))).Concat(binaries);
        files[BillOfMaterials.FileName] = BillOfMaterials.Write(program.Model, placed, all);
        placed = placed with { OtherFiles = Others(placed, files.Keys.Concat(binaries.Select(file => file.Key))) };
        files[EmittedManifest.FileName] = placed.ToJson();
        return new OutputFiles(placed, files);
    }

    /// <summary>A folder of C with its manifest, as another folder holds it.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> OfC(CEmission emission, EmittedManifest manifest)
    {
        (EmittedManifest placed, SortedDictionary<string, string> files) = Native(emission, manifest, []);
        return files.Append(KeyValuePair.Create(EmittedManifest.FileName, (placed with { OtherFiles = Others(placed, files.Keys) }).ToJson()));
    }

    private static EquatableArray<string> Others(EmittedManifest placed, IEnumerable<string> files) =>
        files.Except(placed.Sources, StringComparer.Ordinal).Where(file => file != placed.Header).Order(StringComparer.Ordinal).ToEquatableArray();

    private static (EmittedManifest Manifest, SortedDictionary<string, string> Files) Native(CEmission emission, EmittedManifest manifest, IReadOnlyCollection<BuildForm> forms)
    {
        var layout = SourceLayout.For(forms);
        EmittedManifest placed = layout.Place(manifest);
        var files = new SortedDictionary<string, string>(layout.Place(emission).ToDictionary(), StringComparer.Ordinal);
        string[] headers = [.. files.Keys.Where(file => file.EndsWith(".h", StringComparison.Ordinal))];
        foreach ((string path, string text) in BuildFiles.Of(placed, headers, forms))
        {
            files[path] = text;
        }

        return (placed, files);
    }
}
