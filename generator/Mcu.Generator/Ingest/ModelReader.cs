using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Tflite;

namespace Mcu.Generator.Ingest;

/// <summary>Reads a network from a file, whose format is decided by its content.</summary>
public static class ModelReader
{
    /// <summary>The first byte of an ONNX file: field 1 (<c>ir_version</c>) of its message, as a varint.</summary>
    private const byte OnnxFirstByte = 0x08;

    /// <summary>Reads a <c>.tflite</c> or <c>.onnx</c> file.</summary>
    /// <param name="path">Path as the user gave it.</param>
    /// <param name="notes">Receives notes and warnings about the import.</param>
    /// <exception cref="DiagnosticException">
    /// MCU0101 to MCU0106 when the file cannot be read or is no model; MCU02xx, MCU03xx and MCU06xx from its reader.
    /// </exception>
    public static Graph ReadFile(string path, DiagnosticBag notes)
    {
        byte[] file = InputFile.ReadAll(path, InputFile.MaxModelBytes);
        string extension = Path.GetExtension(path).ToUpperInvariant();
        if (TfliteReader.HasIdentifier(file) || extension == ".TFLITE")
        {
            return TfliteReader.Read(file, Path.GetFileName(path), notes);
        }

        return extension == ".ONNX" || file[0] == OnnxFirstByte
            ? OnnxReader.Read(file, Path.GetFileName(path), notes)
            : throw new DiagnosticException("MCU0104", "The file is neither a TensorFlow Lite nor an ONNX model.", path, "Give a .tflite or .onnx file.");
    }
}
