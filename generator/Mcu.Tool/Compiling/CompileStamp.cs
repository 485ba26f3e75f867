using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mcu.Generator;
using Mcu.Generator.Emit;
using static Mcu.Tool.Compiling.StampFormat;

namespace Mcu.Tool.Compiling;

/// <summary>Where a stamp is kept and what the command line adds to it.</summary>
/// <param name="Path">The stamp's file.</param>
/// <param name="Key">Text of a build system's own; one line, or empty.</param>
/// <param name="Words">The words of the command line, which hold every option.</param>
internal sealed record StampPlace(string Path, string Key, IReadOnlyList<string> Words);

/// <summary>
/// What an earlier compilation was made of and what it wrote, so that the next one can know that it would write the same, as
/// text (<see cref="StampFormat"/>). Build systems compare key, lengths and times, which is cheap; the compiler compares hashes.
/// </summary>
internal sealed class CompileStamp
{
    private readonly StampPlace place;
    private readonly string folder;
    private readonly string inputs;
    private readonly DateTime taken;

    private CompileStamp(StampPlace place, string folder, string inputs, DateTime taken)
    {
        this.place = place;
        this.folder = folder;
        this.inputs = inputs;
        this.taken = taken;
    }

    /// <summary>Reads the inputs as they are now.</summary>
    /// <param name="folder">The output folder.</param>
    public static CompileStamp Take(StampPlace place, string folder, CompileOptions options)
    {
        DateTime now = DateTime.UtcNow;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, typeof(Pipeline).Assembly.ManifestModule.ModuleVersionId.ToString());
        Append(hash, Path.GetFullPath(folder));
        foreach (string word in place.Words)
        {
            Append(hash, word);
        }

        foreach (string input in CompileInputs.Of(options))
        {
            Append(hash, input);
            Append(hash, HashOf(input) ?? "missing");
        }

        return new CompileStamp(place, folder, Convert.ToHexStringLower(hash.GetHashAndReset()), now);
    }

    /// <summary>Whether the folder holds what these inputs gave before, byte for byte.</summary>
    public bool IsCurrent()
    {
        string[] lines = ReadLines();
        return lines.Length > OwnLines && lines[0] == Header && lines[2] == InputsPrefix + inputs && lines.Skip(OwnLines).All(IsThere);
    }

    /// <summary>Of a stamp that is current: notes key, lengths and times as they are now, and marks it as newer than its inputs.</summary>
    public void Touch()
    {
        string[] lines = ReadLines();
        Write(lines.Skip(OwnLines).Select(line => line.Split(' ', Fields)).Select(parts => (parts[0], parts[^1])), string.Join('\n', lines) + '\n');
    }

    /// <summary>Records what was written. The time is that at which the inputs were read, so that a change in between is seen.</summary>
    public void Write(IEnumerable<string> files) =>
        Write(files.Order(StringComparer.Ordinal).Select(file => (HashOf(Path.Combine(folder, file)) ?? "", file)), before: "");

    private void Write(IEnumerable<(string Hash, string File)> files, string before)
    {
        var text = new StringBuilder(Header).Append('\n').Append(KeyPrefix).Append(place.Key).Append('\n').Append(InputsPrefix).Append(inputs).Append('\n');
        foreach ((string hash, string file) in files)
        {
            var info = new FileInfo(Path.Combine(folder, file));
            text.Append(CultureInfo.InvariantCulture, $"{hash} {info.Length} {info.LastWriteTimeUtc.Ticks} {file}\n");
        }

        if (text.ToString() != before)
        {
            AtomicFile.Write(place.Path, text.ToString());
        }

        File.SetLastWriteTimeUtc(place.Path, taken);
    }

    private bool IsThere(string line) =>
        line.Split(' ', Fields) is [string hash, _, _, string file] && HashOf(Path.Combine(folder, file)) == hash;

    private string[] ReadLines()
    {
        try
        {
            return File.Exists(place.Path) ? File.ReadAllLines(place.Path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }

    private static string? HashOf(string file)
    {
        try
        {
            using FileStream? stream = FileKind.IsSpecial(file) || !File.Exists(file) ? null : File.OpenRead(file);
            return stream is null ? null : Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
