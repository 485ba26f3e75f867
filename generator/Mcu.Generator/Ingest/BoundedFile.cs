using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest;

/// <summary>Reads a user's file whole, never more than a bound, so that a device node or a huge file cannot exhaust memory.</summary>
public static class BoundedFile
{
    /// <summary>The file's bytes; throws <paramref name="code"/> when it cannot be read or is longer than <paramref name="limit"/> bytes.</summary>
    public static byte[] Read(string path, long limit, string code)
    {
        if (Directory.Exists(path))
        {
            throw new DiagnosticException(code, "A folder was given where a file is expected.", path, "Name the file inside it.");
        }

        try
        {
            if (LengthOf(path) == 0)
            {
                return [];
            }

            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return ReadAll(stream, limit) ?? throw new DiagnosticException(code, $"The file is larger than {limit} bytes.", path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new DiagnosticException(code, $"The file cannot be read: {e.Message}", path);
        }
    }

    /// <summary>
    /// The size, found before the file is opened: opening a pipe that nobody writes to would block. Pipes and devices have no length, so they
    /// are empty files; null where there is no file.
    /// </summary>
    internal static long? LengthOf(string path)
    {
        FileSystemInfo? file = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path) : null;
        return file is FileInfo { Exists: true } present ? present.Length : null;
    }

    /// <summary>Everything up to the stream's end, or null when that is more than <paramref name="limit"/> bytes.</summary>
    public static byte[]? ReadAll(Stream stream, long limit)
    {
        using var result = new MemoryStream();
        var chunk = new byte[64 * 1024];
        int count;
        while ((count = stream.Read(chunk, 0, chunk.Length)) > 0)
        {
            if (result.Length + count > limit)
            {
                return null;
            }

            result.Write(chunk, 0, count);
        }

        return result.ToArray();
    }
}
