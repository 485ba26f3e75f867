namespace Mcu.Generator.Emit;

/// <summary>What .NET does not tell: whether a path is a regular file.</summary>
public static class FileKind
{
    private const string Devices = "/dev/";

    /// <summary>Whether something is there that is neither a regular file nor a folder.</summary>
    public static bool IsSpecial(string full)
    {
        if (full.StartsWith(Devices, StringComparison.Ordinal))
        {
            return File.Exists(full);
        }

        var file = new FileInfo(full);
        return file is { Exists: true, Length: 0 } && !CanSeek(full);
    }

    /// <summary>Opened for reading and writing, a pipe does not wait for its other end.</summary>
    private static bool CanSeek(string full)
    {
        try
        {
            using FileStream stream = new(full, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return stream.CanSeek;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // A file without permission to write is refused by the move.
            return true;
        }
    }
}
