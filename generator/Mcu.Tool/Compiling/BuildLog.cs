using Mcu.Generator;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tool.Compiling;

/// <summary>How errors and warnings are printed.</summary>
internal enum DiagnosticForm
{
    /// <summary>For people: place, severity, code, message, hint.</summary>
    Text,

    /// <summary>For build systems: see <see cref="Compiling.BuildLog"/>.</summary>
    BuildLog,
}

/// <summary>
/// Diagnostics in the form that MSBuild and editors read: <c>FILE : error MCU0201: text</c>, one line each, with a file that exists
/// wherever the diagnostic names one of the inputs, and the base model otherwise.
/// </summary>
internal sealed class BuildLog(CompileOptions options)
{
    private static readonly char[] Separators = ['/', '\\'];

    public string Line(Diagnostic diagnostic)
    {
        string severity = diagnostic.Severity switch { Severity.Error => "error", Severity.Warning => "warning", _ => "message" };
        (string file, bool isWhole) = FileOf(diagnostic.Location);
        string place = isWhole || diagnostic.Location.Length == 0 ? "" : diagnostic.Location + ": ";
        string hint = diagnostic.Hint.Length == 0 ? "" : " " + diagnostic.Hint;
        return OneLine($"{file} : {severity} {diagnostic.Code}: {place}{diagnostic.Message}{hint}");
    }

    /// <summary>Places begin with a path as given, a file name, or an adapter's folder and file name; a node or key may follow.</summary>
    private (string File, bool IsWhole) FileOf(string location)
    {
        if (location.Length > 0 && Path.Exists(location))
        {
            return (Path.GetFullPath(location), true);
        }

        IReadOnlyList<string> inputs = CompileInputs.Of(options);
        string[] named = [options.BasePath, .. options.AdapterPaths, .. ((string?[])[options.AdapterMapPath, options.CalibrationPath]).OfType<string>()];
        string? whole = named.FirstOrDefault(path => path == location) ?? inputs.FirstOrDefault(path => EndsWith(path, location));
        return whole is not null
            ? (Path.GetFullPath(whole), true)
            : (Path.GetFullPath(inputs.Concat(named).FirstOrDefault(path => Begins(location, path)) ?? options.BasePath), false);
    }

    private static bool EndsWith(string path, string location) =>
        location.Length > 0 && path.EndsWith(location, StringComparison.Ordinal) && path.Length > location.Length && Separators.Contains(path[^(location.Length + 1)]);

    private static bool Begins(string location, string path)
    {
        string folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))) ?? "";
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        return ((string[])[path, $"{folder}/{name}", name]).Any(start =>
            location.StartsWith(start, StringComparison.Ordinal) && location.Length > start.Length && !char.IsLetterOrDigit(location[start.Length]));
    }

    private static string OneLine(string text) => Printable.Text(text).Replace('\n', ' ');
}
