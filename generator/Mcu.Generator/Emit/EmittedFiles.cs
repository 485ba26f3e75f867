using System.Text;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Emit;

/// <summary>Writes what a compilation emitted.</summary>
public static class EmittedFiles
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes every file below a folder that is there; MCU0110 when that fails.</summary>
    public static void Write(IReadOnlyDictionary<string, string> files, string folder) =>
        Write(files, folder, (path, text) => File.WriteAllText(path, text, Utf8));

    /// <inheritdoc cref="Write(IReadOnlyDictionary{string, string}, string)"/>
    public static void Write(IReadOnlyDictionary<string, byte[]> files, string folder) => Write(files, folder, File.WriteAllBytes);

    private static void Write<T>(IReadOnlyDictionary<string, T> files, string folder, Action<string, T> write)
    {
        try
        {
            foreach ((string name, T content) in files)
            {
                string path = Path.Combine(folder, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                write(path, content);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiagnosticException("MCU0110", $"The folder cannot be written: {e.Message}", folder, "Check the path, its permissions and the free space.");
        }
    }
}
