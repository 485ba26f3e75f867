using Mcu.Generator.Diagnostics;

namespace Mcu.Tool.Compiling;

/// <summary>One compilation at a time into one folder: builds of several projects or frameworks may share it. Freed when the process ends.</summary>
internal sealed class FolderLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly FileStream stream;

    private FolderLock(FileStream stream) => this.stream = stream;

    /// <summary>Waits until nobody else holds the lock; MCU1402 when that takes too long or the file cannot be made.</summary>
    public static async Task<FolderLock> TakeAsync(string path, CancellationToken cancellation)
    {
        DateTime end = DateTime.UtcNow + Patience;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            while (true)
            {
                try
                {
                    return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
                }
                catch (IOException) when (File.Exists(path) && DateTime.UtcNow < end)
                {
                    await Task.Delay(Pause, cancellation);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiagnosticException("MCU1402", $"The output folder cannot be locked: {e.Message}", path, "End the other compilation, or check the path and its permissions.");
        }
    }

    public void Dispose() => stream.Dispose();
}
