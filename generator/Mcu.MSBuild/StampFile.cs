using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Mcu.MSBuild;

/// <summary>Reads what the compiler noted in its stamp: two lines of its own, then <c>HASH PATH</c> for each emitted file.</summary>
internal static class StampFile
{
    private const int OwnLines = 2;

    /// <summary>Paths within the output folder; none when there is no stamp.</summary>
    public static IReadOnlyList<string> FilesOf(string stamp) =>
        File.Exists(stamp) ? [.. File.ReadLines(stamp).Skip(OwnLines).Select(line => line.Substring(line.IndexOf(' ') + 1))] : [];
}
