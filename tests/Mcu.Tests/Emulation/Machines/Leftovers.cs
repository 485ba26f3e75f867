using System.Globalization;

namespace Mcu.Tests.Emulation.Machines;

/// <summary>What runs may have left behind.</summary>
internal static class Leftovers
{
    /// <summary>Living children of this process.</summary>
    public static HashSet<int> Processes() =>
        [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(IsOurs!).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))];

    /// <summary>Temporary folders of runs and of emulators.</summary>
    public static HashSet<string> Files() =>
        [.. Directory.GetFileSystemEntries(Path.GetTempPath(), "mcu-run-*"), .. Directory.GetFileSystemEntries(Path.GetTempPath(), "mcu-renode-*")];

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
