using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using static Mcu.Tool.Compiling.StampFormat;

namespace Mcu.MSBuild;

/// <summary>Reads what the compiler noted in its stamp. Lengths and times are compared here, hashes by the compiler.</summary>
internal static class StampFile
{
    /// <summary>Paths within the output folder; none when there is no stamp.</summary>
    public static IReadOnlyList<string> FilesOf(string stamp) => [.. Lines(stamp).Skip(OwnLines).Select(line => line.Split([' '], Fields).Last())];

    /// <summary>Changes with every option, and with list, lengths and times of the input files, whichever way a time goes.</summary>
    public static string Key(ModelItem item, string compiler)
    {
        var text = new StringBuilder(CompilerCommand.Line(item, compiler, key: ""));
        foreach (string file in item.InputFiles)
        {
            text.Append('\n').Append(Noted(file)).Append(' ').Append(file);
        }

        using var hash = SHA256.Create();
        return string.Concat(hash.ComputeHash(Encoding.UTF8.GetBytes(text.ToString())).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    /// <summary>Whether the stamp has this key, and every emitted file is there with length and time as noted.</summary>
    public static bool IsAsNoted(string stamp, string key, string folder)
    {
        string[] lines = Lines(stamp);
        return lines.Length > OwnLines && lines[1] == KeyPrefix + key && lines.Skip(OwnLines).Select(line => line.Split([' '], Fields))
            .All(parts => parts.Length == Fields && Noted(Path.Combine(folder, parts[3])) == $"{parts[1]} {parts[2]}");
    }

    private static string[] Lines(string stamp)
    {
        string[] lines = File.Exists(stamp) ? File.ReadAllLines(stamp) : [];
        return lines.Length > 0 && lines[0] == Header ? lines : [];
    }

    private static string Noted(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? string.Format(CultureInfo.InvariantCulture, "{0} {1}", file.Length, file.LastWriteTimeUtc.Ticks) : "none";
    }
}
