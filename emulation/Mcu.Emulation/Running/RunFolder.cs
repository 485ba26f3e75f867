using System.Buffers.Binary;
using System.Globalization;
using Mcu.Emulation.Building;

namespace Mcu.Emulation.Running;

/// <summary>
/// A temporary working directory of one run, with the harness's files under short names; deleted afterwards. All parts of
/// a path that firmware or an emulator must understand stay out of the user's hands.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    public const string CountsName = "counts.txt";
    public const string BlocksName = "blocks.txt";
    public const string OutputName = "out.bin";
    public const string StatusName = "stat.bin";
    public const string ProbesName = "probes.bin";
    public const string FaultName = "fault.bin";

    private const string InputName = "in.bin";
    private const int PairBytes = 8;

    /// <param name="files">Files by short name.</param>
    public RunFolder(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files)
    {
        Path = Directory.CreateTempSubdirectory("mcu-run-").FullName;
        foreach ((string name, ReadOnlyMemory<byte> bytes) in files)
        {
            File.WriteAllBytes(At(System.IO.Path.GetFileName(name)), bytes.Span);
        }
    }

    public RunFolder(ReadOnlyMemory<byte> inputs, IReadOnlyList<ReadOnlyMemory<byte>> deltas)
    {
        Path = Directory.CreateTempSubdirectory("mcu-run-").FullName;
        using FileStream stream = File.Create(At(InputName));
        stream.Write(inputs.Span);
        for (int i = 0; i < deltas.Count; i++)
        {
            File.WriteAllBytes(At(string.Create(CultureInfo.InvariantCulture, $"delta{i}.bin")), deltas[i].Span);
        }
    }

    public string Path { get; }

    /// <summary>Bytes of status so far: grows with each sample.</summary>
    public long Progress()
    {
        var status = new FileInfo(At(StatusName));
        return status.Exists ? status.Length : 0;
    }

    /// <summary>Status of init and adapter_select, then status and stack of each sample that ended.</summary>
    public IReadOnlyList<(int First, int Second)> Statuses()
    {
        byte[] bytes = ReadOrEmpty(StatusName);
        var pairs = new List<(int, int)>(bytes.Length / PairBytes);
        for (int at = 0; at + PairBytes <= bytes.Length; at += PairBytes)
        {
            ReadOnlySpan<byte> pair = bytes.AsSpan(at, PairBytes);
            pairs.Add((BinaryPrimitives.ReadInt32LittleEndian(pair), BinaryPrimitives.ReadInt32LittleEndian(pair[4..])));
        }

        return pairs;
    }

    public byte[] Inputs() => ReadOrEmpty(InputName);

    public byte[] Outputs() => ReadOrEmpty(OutputName);

    public byte[] LayerOutputs() => ReadOrEmpty(ProbesName);

    public byte[] Fault() => ReadOrEmpty(FaultName);

    /// <summary>Instructions of each call that ended.</summary>
    public IReadOnlyList<long> Counts() =>
        [.. Lines(CountsName).Select(line => long.Parse(line, NumberStyles.None, CultureInfo.InvariantCulture))];

    /// <summary>Blocks executed within calls; one block may stand there several times.</summary>
    public IEnumerable<BlockCount> Blocks()
    {
        foreach (string line in Lines(BlocksName))
        {
            string[] parts = line.Split(' ');
            yield return new BlockCount(
                uint.Parse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                uint.Parse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                int.Parse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture),
                long.Parse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture));
        }
    }

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => CacheFolder.DeleteQuietly(Path);

    private byte[] ReadOrEmpty(string name) => File.Exists(At(name)) ? File.ReadAllBytes(At(name)) : [];

    private string[] Lines(string name) => File.Exists(At(name)) ? File.ReadAllLines(At(name)) : [];
}
