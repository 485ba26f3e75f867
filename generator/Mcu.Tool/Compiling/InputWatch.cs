namespace Mcu.Tool.Compiling;

/// <summary>
/// Waits until input files change and then stay as they are for a moment. Lengths and times are asked for again and again: that also
/// works for files that are replaced, for network drives and for folders that do not exist yet, where change notices do not.
/// </summary>
internal sealed class InputWatch(Func<IReadOnlyList<string>> inputs)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private string known = "";

    /// <summary>Takes the inputs as they are for known; call before they are read.</summary>
    public void Remember() => known = Look();

    /// <summary>Returns when the inputs differ from those remembered and two looks in a row agree.</summary>
    public async Task ChangedAsync(CancellationToken cancellation)
    {
        string before = known;
        string now = Look();
        while (now == known || now != before)
        {
            before = now;
            await Task.Delay(Pause, cancellation);
            now = Look();
        }
    }

    private string Look()
    {
        try
        {
            return string.Join('\n', inputs().Select(path => new FileInfo(path)).Select(file => file.Exists ? $"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}" : file.FullName));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that is being replaced; the next look tells.
            return known;
        }
    }
}
