using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Emit;

/// <summary>
/// Writes a file so that it is either the old or the whole new one: to a sibling in the same folder first, then moved.
/// </summary>
public static class AtomicFile
{
    /// <summary>Writes bytes; MCU0110 when the place cannot be written.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        if (Directory.Exists(path))
        {
            throw new DiagnosticException("MCU0110", "This is a folder, not a file that could be written.", path);
        }

        string full = Destination(path);
        string temporary = TemporaryName.Beside(full);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            TemporaryName.TryDelete(temporary);
            throw new DiagnosticException("MCU0110", $"The file cannot be written: {e.Message}", path, "Check the path, its permissions and the free space.");
        }
    }

    /// <summary>A link is followed; pipes and devices, which a move would replace, are refused.</summary>
    private static string Destination(string path)
    {
        string full = Path.GetFullPath(path);
        try
        {
            full = File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No link, or one that leads nowhere: the move says what is wrong.
        }

        return FileKind.IsSpecial(full)
            ? throw new DiagnosticException("MCU0110", "This is a pipe or a device, not a file that could be written.", path, "Write to a file, then copy it there.")
            : full;
    }

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    public static void Write(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));
}

/// <summary>Names of half-written things; hidden, and never a part of what is written.</summary>
internal static class TemporaryName
{
    public static string Beside(string full) =>
        Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}.tmp");

    public static void TryDelete(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to tell; a hidden leftover harms nobody.
        }
    }
}
