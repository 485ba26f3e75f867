using System.Security.Cryptography;
using System.Text;
using Mcu.Generator;
using Mcu.Generator.Emit;

namespace Mcu.Tool.Compiling;

/// <summary>
/// What an earlier compilation was made of and what it wrote, so that the next one can know that it would write the same. Lines of
/// text: <c>mcu-stamp 1</c>, <c>inputs HASH</c>, then <c>HASH PATH</c> for each file of the output folder.
/// </summary>
internal sealed class CompileStamp
{
    private const string Header = "mcu-stamp 1";
    private const string InputsKey = "inputs ";
    private const int HashLength = 64;

    private readonly string path;
    private readonly string folder;
    private readonly string inputs;
    private readonly DateTime taken;

    private CompileStamp(string path, string folder, string inputs, DateTime taken)
    {
        this.path = path;
        this.folder = folder;
        this.inputs = inputs;
        this.taken = taken;
    }

    /// <summary>Reads the inputs as they are now.</summary>
    /// <param name="path">Where the stamp is kept.</param>
    /// <param name="folder">The output folder.</param>
    /// <param name="words">The words of the command line, which hold every option.</param>
    public static CompileStamp Take(string path, string folder, CompileOptions options, IEnumerable<string> words)
    {
        DateTime now = DateTime.UtcNow;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, typeof(Pipeline).Assembly.ManifestModule.ModuleVersionId.ToString());
        Append(hash, Path.GetFullPath(folder));
        foreach (string word in words)
        {
            Append(hash, word);
        }

        foreach (string input in CompileInputs.Of(options))
        {
            Append(hash, input);
            Append(hash, HashOf(input) ?? "missing");
        }

        return new CompileStamp(path, folder, Convert.ToHexStringLower(hash.GetHashAndReset()), now);
    }

    /// <summary>Whether the folder holds what these inputs gave before, byte for byte.</summary>
    public bool IsCurrent()
    {
        string[] lines = ReadLines();
        return lines.Length > 2 && lines[0] == Header && lines[1] == InputsKey + inputs && lines.Skip(2).All(IsThere);
    }

    /// <summary>Marks the stamp as newer than its inputs, for tools that compare times.</summary>
    public void Touch() => File.SetLastWriteTimeUtc(path, taken);

    /// <summary>Records what was written. The time is that at which the inputs were read, so that a change in between is seen.</summary>
    public void Write(IEnumerable<string> files)
    {
        var text = new StringBuilder(Header).Append('\n').Append(InputsKey).Append(inputs).Append('\n');
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            text.Append(HashOf(Path.Combine(folder, file))).Append(' ').Append(file).Append('\n');
        }

        AtomicFile.Write(path, text.ToString());
        Touch();
    }

    private bool IsThere(string line) =>
        line.Length > HashLength + 1 && HashOf(Path.Combine(folder, line[(HashLength + 1)..])) == line[..HashLength];

    private string[] ReadLines()
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
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
