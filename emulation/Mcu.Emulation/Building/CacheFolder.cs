using System.Security.Cryptography;
using System.Text;

namespace Mcu.Emulation.Building;

/// <summary>
/// The user's cache of what was built, keyed by content: entries appear whole or not at all, so several processes may share
/// it; the least recently used ones go when it grows.
/// </summary>
internal sealed class CacheFolder(string root)
{
    private const int MaxEntries = 256;

    /// <summary>An entry that another process may be running is never removed.</summary>
    private static readonly TimeSpan MinimumAge = TimeSpan.FromHours(2);

    public CacheFolder()
        : this(DefaultRoot())
    {
    }

    public string Root { get; } = root;

    /// <summary>The folder of a key, which <paramref name="build"/> fills when it is not there yet.</summary>
    public async Task<string> GetAsync(string kind, string key, Func<string, Task> build)
    {
        string entry = Path.Combine(Root, kind, key);
        if (Directory.Exists(entry))
        {
            Touch(entry);
            return entry;
        }

        string work = Path.Combine(Root, kind, "tmp-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(work);
        try
        {
            await build(work);
            Publish(work, entry);
        }
        finally
        {
            DeleteQuietly(work);
        }

        Trim(Path.Combine(Root, kind), entry);
        return entry;
    }

    public static string Key(IEnumerable<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string part in parts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length)); // so that parts cannot run into each other
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..40];
    }

    public static void DeleteQuietly(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Gone already, or another process holds it; a later trim finds it again.
        }
    }

    private static string DefaultRoot()
    {
        string? own = Environment.GetEnvironmentVariable("MCU_CACHE");
        string? xdg = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return own is { Length: > 0 } ? own
            : xdg is { Length: > 0 } ? Path.Combine(xdg, "mcu")
            : home.Length > 0 ? Path.Combine(home, ".cache", "mcu")
            : Path.Combine(Path.GetTempPath(), "mcu-cache-" + Environment.UserName);
    }

    private static void Publish(string work, string entry)
    {
        try
        {
            Directory.Move(work, entry);
        }
        catch (IOException) when (Directory.Exists(entry))
        {
            // Another process built the same at the same time.
        }
    }

    private static void Touch(string entry)
    {
        try
        {
            Directory.SetLastWriteTimeUtc(entry, DateTime.UtcNow);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A cache that cannot be written still can be read.
        }
    }

    private static void Trim(string folder, string keep)
    {
        DateTime limit = DateTime.UtcNow - MinimumAge;
        IEnumerable<DirectoryInfo> surplus = new DirectoryInfo(folder).EnumerateDirectories()
            .Where(entry => entry.FullName != keep)
            .OrderByDescending(entry => entry.LastWriteTimeUtc)
            .Skip(MaxEntries - 1);
        foreach (DirectoryInfo entry in surplus.Where(entry => entry.LastWriteTimeUtc < limit).ToList())
        {
            DeleteQuietly(entry.FullName);
        }
    }
}
