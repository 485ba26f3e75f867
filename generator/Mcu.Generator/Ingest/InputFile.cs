using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest;

/// <summary>Reads a whole file that the user named, with a bound on its size and a diagnostic for every way that can fail.</summary>
public static class InputFile
{
    /// <summary>Largest model file accepted, in bytes.</summary>
    public const long MaxModelBytes = 128L << 20;

    /// <summary>The file's bytes.</summary>
    /// <param name="path">Path as the user gave it.</param>
    /// <param name="maxBytes">Largest size accepted.</param>
    /// <exception cref="DiagnosticException">
    /// MCU0101 not found, MCU0102 a folder, MCU0103 empty or not a regular file, MCU0105 larger than
    /// <paramref name="maxBytes"/>, MCU0106 cannot be read.
    /// </exception>
    public static byte[] ReadAll(string path, long maxBytes)
    {
        try
        {
            long length = LengthOf(path);
            return length > maxBytes
                ? throw new DiagnosticException("MCU0105", $"The file has {length} bytes; at most {maxBytes} are accepted.", path, "A network of this size does not fit a microcontroller.")
                : File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new DiagnosticException("MCU0106", $"The file cannot be read: {e.Message}", path, "Check its permissions.");
        }
    }

    /// <summary>The size of a regular file that has something in it.</summary>
    private static long LengthOf(string path)
    {
        if (Directory.Exists(path))
        {
            throw new DiagnosticException("MCU0102", "A folder was given where a file is expected.", path, "Name the file inside it.");
        }

        if (path.Length == 0 || BoundedFile.LengthOf(path) is not { } length)
        {
            throw Missing(path);
        }

        return length > 0
            ? length
            : throw new DiagnosticException("MCU0103", "The file is empty or not a regular file.", path, "Check that it was copied or exported completely.");
    }

    private static DiagnosticException Missing(string path) =>
        new("MCU0101", "The file does not exist.", path, "Check the path and the current folder.");
}
