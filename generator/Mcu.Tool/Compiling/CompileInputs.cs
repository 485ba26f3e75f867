using Mcu.Generator;

namespace Mcu.Tool.Compiling;

/// <summary>The files that decide what a compilation gives.</summary>
internal static class CompileInputs
{
    /// <summary>Full paths in an order of their own, each once; a path that leads nowhere is kept, so that its appearing is a change.</summary>
    public static IReadOnlyList<string> Of(CompileOptions options)
    {
        IEnumerable<string?> named = [options.BasePath, .. options.AdapterPaths, options.AdapterMapPath, options.CalibrationPath, options.Target.Folder];
        return [.. named.OfType<string>().SelectMany(Files).Distinct(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Files(string path)
    {
        string full = Path.GetFullPath(path);
        return Directory.Exists(full) ? Directory.EnumerateFiles(full).Order(StringComparer.Ordinal) : [full];
    }
}
