using System.Text;

namespace Mcu.Generator.Emit;

/// <summary>The files of <c>runtime-templates</c>, which are resources of this assembly.</summary>
internal static class Templates
{
    private const string Prefix = "runtime-templates/";

    /// <summary>A file's text by its path in the repository, such as <c>runtime-templates/report/report.sbn</c>; LF line ends.</summary>
    public static string Read(string path)
    {
        using Stream stream = typeof(Templates).Assembly.GetManifestResourceStream(path)
            ?? throw new ArgumentException($"There is no template '{path}'.", nameof(path));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    /// <summary>Paths below a folder such as <c>runtime-templates/c/</c>, in ordinal order.</summary>
    public static IReadOnlyList<string> List(string folder) =>
        [.. typeof(Templates).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.StartsWith(folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
}
