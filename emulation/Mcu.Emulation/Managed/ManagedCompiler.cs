using System.Text;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mcu.Emulation.Managed;

/// <summary>
/// Compiles emitted C# as a nanoFramework project does: C# 10, optimised, against a reference surface that holds only what the platform's
/// core library has, warnings as errors.
/// </summary>
public static class ManagedCompiler
{
    /// <summary>Simple name and version of the platform's core library.</summary>
    internal const string CoreLibraryName = "mscorlib";

    private static readonly CSharpParseOptions Language = new(LanguageVersion.CSharp10, DocumentationMode.Diagnose);

    private static readonly Lazy<byte[]> CoreLibraryImage = new(EmitCoreLibrary);

    private static readonly Lazy<MetadataReference> CoreLibrary = new(() => MetadataReference.CreateFromImage(CoreLibraryImage.Value));

    /// <summary>The reference surface as an assembly, for tools that look its types up.</summary>
    internal static byte[] CoreLibrarySurface() => CoreLibraryImage.Value;

    /// <summary>The assembly of C# files. MCU1510 where the compiler has an error or a warning.</summary>
    /// <param name="name">Simple name.</param>
    /// <param name="files">Text by path; files that are not C# are left out.</param>
    /// <param name="references">Further assemblies that the files use.</param>
    public static byte[] Compile(string name, IReadOnlyDictionary<string, string> files, IEnumerable<byte[]>? references = null, bool isProgram = false)
    {
        IEnumerable<SyntaxTree> trees = files
            .Where(f => f.Key.EndsWith(".cs", StringComparison.Ordinal))
            .Select(f => CSharpSyntaxTree.ParseText(f.Value, Language, f.Key, Encoding.UTF8));
        IEnumerable<MetadataReference> all = (references ?? []).Select(r => (MetadataReference)MetadataReference.CreateFromImage(r)).Prepend(CoreLibrary.Value);
        return Emit(CSharpCompilation.Create(name, trees, all, Options(isProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary)));
    }

    private static CSharpCompilationOptions Options(OutputKind kind) => new(
        kind, optimizationLevel: OptimizationLevel.Release, generalDiagnosticOption: ReportDiagnostic.Error, deterministic: true, warningLevel: 9999);

    private static byte[] EmitCoreLibrary()
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(TargetCatalog.ReadShared("nanoframework/CoreLibrary.cs"), Language.WithDocumentationMode(DocumentationMode.None));
        CSharpCompilationOptions options = Options(OutputKind.DynamicallyLinkedLibrary)
            .WithGeneralDiagnosticOption(ReportDiagnostic.Default)
            .WithMetadataImportOptions(MetadataImportOptions.Public);
        return Emit(CSharpCompilation.Create(CoreLibraryName, [tree], [], options));
    }

    private static byte[] Emit(CSharpCompilation compilation)
    {
        using var stream = new MemoryStream();
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(stream);
        Microsoft.CodeAnalysis.Diagnostic[] errors = [.. result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)];
        return errors.Length == 0
            ? stream.ToArray()
            : throw new DiagnosticException("MCU1510", $"The emitted C# does not compile: {errors[0].GetMessage(null)}", Place(errors[0]), "This is a defect of mcu; please report it with the model's shape.");
    }

    private static string Place(Microsoft.CodeAnalysis.Diagnostic error)
    {
        FileLinePositionSpan span = error.Location.GetLineSpan();
        return $"{span.Path}:{span.StartLinePosition.Line + 1}";
    }
}
