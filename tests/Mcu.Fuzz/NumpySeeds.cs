using System.IO.Compression;
using System.Text;

namespace Mcu.Fuzz;

/// <summary>Valid NumPy files to mutate.</summary>
internal static class NumpySeeds
{
    public static IEnumerable<byte[]> Arrays()
    {
        yield return Npy(1, "<f4", "False", "(2, 3)", 24);
        yield return Npy(1, "|i1", "True", "(2, 2, 2)", 8);
        yield return Npy(2, "<i8", "True", "(3,)", 24);
        yield return Npy(3, "<f8", "False", "()", 8);
    }

    public static IEnumerable<byte[]> Archives()
    {
        yield return Npz(CompressionLevel.NoCompression);
        yield return Npz(CompressionLevel.Optimal);
    }

    private static byte[] Npz(CompressionLevel level)
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((int index, byte[] array) in Arrays().Index())
            {
                ZipArchiveEntry entry = archive.CreateEntry($"arr_{index}.npy", level);
                entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using Stream stream = entry.Open();
                stream.Write(array);
            }
        }

        return file.ToArray();
    }

    private static byte[] Npy(byte version, string type, string fortran, string shape, int bytes)
    {
        byte[] header = Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)header.Length) : BitConverter.GetBytes(header.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. header, .. Enumerable.Range(0, bytes).Select(i => (byte)(i % 60))];
    }
}
