using System.IO.Compression;
using System.IO.Hashing;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>Reads .npz archives.</summary>
internal static class NumpyArchive
{
    private const int MaxEntries = 10_000;
    private const string Ending = ".npy";

    public static IReadOnlyList<NumpyArray> Read(byte[] file, string location)
    {
        try
        {
            using var archive = new ZipArchive(new MemoryStream(file, writable: false), ZipArchiveMode.Read);
            return Arrays(archive, location);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or NotSupportedException or ArgumentException or OverflowException)
        {
            throw new DiagnosticException("MCU0124", $"The archive is damaged or not supported: {e.Message}", location);
        }
    }

    private static List<NumpyArray> Arrays(ZipArchive archive, string location)
    {
        if (archive.Entries.Count is 0 or > MaxEntries)
        {
            throw new DiagnosticException("MCU0124", $"The archive has {archive.Entries.Count} entries; 1 to {MaxEntries} are read.", location);
        }

        List<NumpyArray> arrays = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        long left = NumpyReader.MaxBytes;
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            string place = $"{location}: {Names.Short(entry.FullName)}";
            byte[] content = Unpack(entry, left, place);
            left -= content.Length;
            string name = entry.FullName.EndsWith(Ending, StringComparison.Ordinal) ? entry.FullName[..^Ending.Length] : entry.FullName;
            if (!names.Add(name))
            {
                throw new DiagnosticException("MCU0124", "The archive has two arrays of this name.", place);
            }

            arrays.Add(NumpyReader.Array(content, name, place));
        }

        return arrays;
    }

    private static byte[] Unpack(ZipArchiveEntry entry, long limit, string place)
    {
        using Stream stream = entry.Open();
        byte[] content = BoundedFile.ReadAll(stream, limit)
            ?? throw new DiagnosticException("MCU0124", $"The archive unpacks to more than {NumpyReader.MaxBytes} bytes.", place);
        return Crc32.HashToUInt32(content) == entry.Crc32
            ? content
            : throw new DiagnosticException("MCU0124", "The array does not match its CRC-32; the archive is damaged.", place);
    }
}
