using System.IO.Compression;
using System.Runtime.InteropServices;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>Collects arrays and writes them as an <c>.npz</c> archive; equal arrays give equal bytes.</summary>
public sealed class NumpyArchiveWriter
{
    /// <summary>The earliest date that ZIP can hold.</summary>
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<(string Name, byte[] File)> arrays = [];

    public NumpyArchiveWriter Add(string name, ReadOnlySpan<sbyte> values, params int[] shape) => Add(name, MemoryMarshal.AsBytes(values), DataType.Int8, shape);

    public NumpyArchiveWriter Add(string name, ReadOnlySpan<short> values, params int[] shape) => Add(name, MemoryMarshal.AsBytes(values), DataType.Int16, shape);

    public NumpyArchiveWriter Add(string name, ReadOnlySpan<int> values, params int[] shape) => Add(name, MemoryMarshal.AsBytes(values), DataType.Int32, shape);

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] file) in arrays)
            {
                ZipArchiveEntry entry = archive.CreateEntry(name + ".npy", CompressionLevel.Optimal);
                entry.LastWriteTime = Epoch;
                using Stream content = entry.Open();
                content.Write(file);
            }
        }

        return stream.ToArray();
    }

    private NumpyArchiveWriter Add(string name, ReadOnlySpan<byte> values, DataType type, int[] shape)
    {
        arrays.Add((name, NumpyWriter.File(values, type, shape)));
        return this;
    }
}
