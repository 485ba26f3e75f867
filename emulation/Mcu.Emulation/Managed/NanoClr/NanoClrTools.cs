using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Managed.NanoClr;

/// <summary>The platform's programs on this machine.</summary>
/// <param name="Interpreter">Takes <c>run --assemblies A.pe B.pe ...</c> as the public <c>nanoclr</c> tool does.</param>
/// <param name="MetadataProcessor">Takes <c>-loadHints NAME FILE ... -parse FILE.dll -compile FILE.pe false</c>.</param>
/// <param name="CoreLibrary">The core library's <c>mscorlib.pe</c>, of the interpreter's version.</param>
public sealed record NanoClrTools(string Interpreter, string MetadataProcessor, string CoreLibrary)
{
    /// <summary>Variable that names the interpreter.</summary>
    public const string InterpreterVariable = "NANOCLR";

    /// <summary>Variable that names the metadata processor.</summary>
    public const string MetadataProcessorVariable = "NANO_METADATA_PROCESSOR";

    /// <summary>Variable that names <c>mscorlib.pe</c> where it does not lie beside the interpreter.</summary>
    public const string CoreLibraryVariable = "NANO_CORE_LIBRARY";

    private const string CoreLibraryFile = "mscorlib.pe";

    /// <summary>Wall-clock limit of one start of a program.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The programs that the environment names; MCU1520 where one is not named or not there.</summary>
    public static NanoClrTools Find() => Find(Environment.GetEnvironmentVariable);

    /// <param name="variable">Value of a variable; null where it is not set.</param>
    public static NanoClrTools Find(Func<string, string?> variable)
    {
        string interpreter = Named(variable, InterpreterVariable, "the interpreter, such as nanoclr");
        string processor = Named(variable, MetadataProcessorVariable, "the metadata processor, nanoFramework.Tools.MetadataProcessor");
        string library = variable(CoreLibraryVariable) is { Length: > 0 } given ? given : Path.Combine(Path.GetDirectoryName(interpreter)!, CoreLibraryFile);
        return File.Exists(library)
            ? new NanoClrTools(interpreter, processor, Path.GetFullPath(library))
            : throw new DiagnosticException(
                "MCU1520", $"There is no core library at '{library}'.", CoreLibraryVariable, $"Set it to {CoreLibraryFile} of the package nanoFramework.CoreLibrary that fits the interpreter.");
    }

    /// <summary>What the environment names, found or not, without starting it.</summary>
    /// <param name="variable">Value of a variable; null where it is not set.</param>
    public static IReadOnlyList<NanoClrTool> Probe(Func<string, string?> variable)
    {
        string? interpreter = Existing(variable(InterpreterVariable));
        string? beside = interpreter is null ? null : Path.Combine(Path.GetDirectoryName(interpreter)!, CoreLibraryFile);
        return
        [
            new("nanoclr", "nanoFramework interpreter", interpreter, $"Optional: set {InterpreterVariable} to nanoclr, or to a program that takes its arguments (docs/NANOFRAMEWORK.md)"),
            new(
                "nano-metadata-processor", "nanoFramework metadata processor", Existing(variable(MetadataProcessorVariable)),
                $"Optional: set {MetadataProcessorVariable} to nanoFramework.Tools.MetadataProcessor (docs/NANOFRAMEWORK.md)"),
            new(
                "nano-core-library", "nanoFramework core library", Existing(variable(CoreLibraryVariable) is { Length: > 0 } given ? given : beside),
                $"Optional: set {CoreLibraryVariable} to {CoreLibraryFile} of nanoFramework.CoreLibrary, or put it beside the interpreter (docs/NANOFRAMEWORK.md)"),
        ];
    }

    private static string? Existing(string? path) => File.Exists(path) ? Path.GetFullPath(path) : null;

    private static string Named(Func<string, string?> variable, string name, string what) => variable(name) switch
    {
        null or "" => throw new DiagnosticException("MCU1520", $"{name} is not set.", name, $"Set it to {what} (docs/NANOFRAMEWORK.md)."),
        { } path when File.Exists(path) => Path.GetFullPath(path),
        { } path => throw new DiagnosticException("MCU1520", $"There is no program '{path}'.", name, $"Set it to {what} (docs/NANOFRAMEWORK.md)."),
    };
}

/// <summary>One program or file of the platform.</summary>
/// <param name="Id">Name for programs.</param>
/// <param name="Name">What a user calls it.</param>
/// <param name="Path">Full path; null when it is not named or not there.</param>
/// <param name="HowToGet">What to do when it is missing.</param>
public sealed record NanoClrTool(string Id, string Name, string? Path, string HowToGet);
