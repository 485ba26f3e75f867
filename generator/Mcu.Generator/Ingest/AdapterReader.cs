using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Ingest.OrtAdapter;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Ingest;

/// <summary>Reads an adapter of any form that names modules: a PEFT folder, an <c>.npz</c> archive, an <c>.onnx_adapter</c> file.</summary>
public static class AdapterReader
{
    /// <summary>Largest file accepted, in bytes.</summary>
    private const long MaxBytes = 256L << 20;

    /// <summary>Reads the adapter. Throws MCU0101 to 0106, MCU0120 to 0124, MCU0202 to 0206 and MCU04xx.</summary>
    public static PeftAdapter Read(string path, DiagnosticBag notes)
    {
        if (!File.Exists(path))
        {
            return PeftReader.ReadFolder(path, notes);
        }

        string extension = Path.GetExtension(path).ToUpperInvariant();
        return extension switch
        {
            ".NPZ" => NumpyAdapterReader.Read(InputFile.ReadAll(path, MaxBytes), Path.GetFileName(path)),
            ".ONNX_ADAPTER" => OrtAdapterReader.Read(InputFile.ReadAll(path, MaxBytes), Path.GetFileName(path), notes),
            _ => PeftReader.ReadFolder(path, notes),
        };
    }
}
