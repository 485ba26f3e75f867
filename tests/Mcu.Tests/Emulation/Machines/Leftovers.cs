using System.Globalization;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>What runs may have left behind. While an object of it lives, temporary files come into a folder of its own: no test may run beside it.</summary>
internal sealed class Leftovers : IDisposable
{
    private const string Variable = "TMPDIR";

    private readonly string? former = Environment.GetEnvironmentVariable(Variable);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mcu-leftovers-");

    public Leftovers() => Environment.SetEnvironmentVariable(Variable, folder.FullName);

    /// <summary>Living children of this process.</summary>
    public static HashSet<int> Processes() =>
        [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(IsOurs!).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))];

    /// <summary>Living programs that were started while this object lives, also those whose parent has ended: their environment names the folder.</summary>
    public int[] StartedProcesses() =>
        [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0]) && IsStarted(name)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))];

    /// <summary>Temporary files and folders.</summary>
    public string[] Files() => Directory.GetFileSystemEntries(folder.FullName);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Variable, former);
        folder.Delete(recursive: true);
    }

    private bool IsStarted(string name)
    {
        try
        {
            return !string.Equals(name, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                && File.ReadAllText($"/proc/{name}/environ").Contains($"{Variable}={folder.FullName}", StringComparison.Ordinal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsOurs(string name)
    {
        try
        {
            string status = char.IsAsciiDigit(name[0]) ? File.ReadAllText($"/proc/{name}/stat") : "";
            string[] parts = status[(status.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return parts.Length > 1 && parts[0] != "Z" && parts[1] == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
