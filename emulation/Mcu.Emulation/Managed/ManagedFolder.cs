using System.Collections.Immutable;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Emit.NanoFramework;

namespace Mcu.Emulation.Managed;

/// <summary>Reads a folder of emitted C# back.</summary>
public static class ManagedFolder
{
    /// <summary>No emitted file comes near this.</summary>
    private const long LargestFile = 64 << 20;

    /// <summary>The sources that the manifest names, and the weight image where there is one. MCU1083 where a file cannot be read.</summary>
    public static NanoEmission Read(string folder, EmittedManifest manifest)
    {
        try
        {
            string className = Path.GetFileNameWithoutExtension(manifest.Header);
            var files = manifest.Sources.ToImmutableSortedDictionary(f => f, f => System.Text.Encoding.UTF8.GetString(Bytes(Path.Combine(folder, f))), StringComparer.Ordinal);
            string image = className + ".weights.bin";
            string path = Path.Combine(folder, image);
            ImmutableSortedDictionary<string, byte[]> binaries = File.Exists(path)
                ? ImmutableSortedDictionary<string, byte[]>.Empty.WithComparers(StringComparer.Ordinal).Add(image, Bytes(path))
                : ImmutableSortedDictionary<string, byte[]>.Empty;
            return new NanoEmission(manifest.Namespace!, className, files, binaries, manifest.WeightBytes + manifest.AdapterBytes, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiagnosticException("MCU1083", $"A file that the manifest names cannot be read: {e.Message}", folder, "Compile the model again.");
        }
    }

    private static byte[] Bytes(string path) => new FileInfo(path).Length <= LargestFile
        ? File.ReadAllBytes(path)
        : throw new IOException($"'{Path.GetFileName(path)}' is larger than {LargestFile} bytes");
}
