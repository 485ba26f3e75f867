using System.Text;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Emit;

/// <summary>Writes what a compilation emitted.</summary>
public static class EmittedFiles
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes every file below a folder that is there; MCU0110 when that fails.</summary>
    public static void Write(IReadOnlyDictionary<string, string> files, string folder)
    {
        try
        {
            foreach ((string name, string text) in files)
            {
                string path = Path.Combine(folder, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, text, Utf8);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiagnosticException("MCU0110", $"The folder cannot be written: {e.Message}", folder, "Check the path, its permissions and the free space.");
        }
    }
}
