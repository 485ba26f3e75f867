using System.Collections.Immutable;
using System.Text;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Ingest;

namespace Mcu.Emulation.Managed;

/// <summary>Reads a folder of emitted C# back.</summary>
public static class ManagedFolder
{
    /// <summary>No emitted file comes near this.</summary>
    private const long LargestFile = 64 << 20;

    /// <summary>
    /// The sources that the manifest names, and the weight image where there is one. MCU1083 where a file cannot be read, MCU1516 where they call
    /// native code.
    /// </summary>
    public static NanoEmission Read(string folder, EmittedManifest manifest)
    {
        if (manifest.Native is not null)
        {
            throw new DiagnosticException("MCU1516", "The folder's C# calls native code, which .NET does not have.", folder, $"Name its folder '{manifest.Native}' with --on host or an emulator: the same C runs there.");
        }

        byte[] bytes(string file) => BoundedFile.Read(Path.Combine(folder, file), LargestFile, "MCU1083");
        string className = Path.GetFileNameWithoutExtension(manifest.Header);
        string image = NanoEmission.ImageName(className);
        ImmutableSortedDictionary<string, byte[]> binaries = ImmutableSortedDictionary<string, byte[]>.Empty.WithComparers(StringComparer.Ordinal);
        return new NanoEmission(
            manifest.Namespace!,
            className,
            manifest.Sources.ToImmutableSortedDictionary(f => f, f => Encoding.UTF8.GetString(bytes(f)), StringComparer.Ordinal),
            File.Exists(Path.Combine(folder, image)) ? binaries.Add(image, bytes(image)) : binaries,
            manifest.HeapBytes!.Value);
    }
}
