using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Mcu.Tests.Ingest.Numpy;

/// <summary>Writes <c>.npz</c> archives from NumPy's format description, independently of the reader.</summary>
internal sealed class NpzWriter
{
    private readonly List<(string Name, byte[] File)> arrays = [];

    public NpzWriter Add(string name, int[] shape, float[] values) => Add(name, "<f4", shape, MemoryMarshal.AsBytes<float>(values).ToArray());

    public NpzWriter Add(string name, int[] shape, long[] values) => Add(name, "<i8", shape, MemoryMarshal.AsBytes<long>(values).ToArray());

    public NpzWriter Add(string name, string type, int[] shape, byte[] data)
    {
        string dims = string.Concat(shape.Select(d => $"{d},"));
        byte[] header = Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': False, 'shape': ({dims}), }}\n");
        arrays.Add((name, [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. header, .. data]));
        return this;
    }

    public byte[] ToBytes()
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] array) in arrays)
            {
                using Stream stream = archive.CreateEntry(name + ".npy").Open();
                stream.Write(array);
            }
        }

        return file.ToArray();
    }
}
