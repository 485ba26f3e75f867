using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>
/// Reads a TensorFlow Lite file: int8 (full integer quantisation), float32, or dynamic range (float activations with int8
/// weights, which become float). Layouts, scales and zero points are kept as stored.
/// </summary>
public static class TfliteReader
{
    /// <summary>Memory that decoded contents may take, in bytes.</summary>
    private const long Budget = 384L << 20;

    /// <summary>Whether the bytes carry TensorFlow Lite's file identifier.</summary>
    public static bool HasIdentifier(ReadOnlySpan<byte> file) => file.Length >= 8 && file[4..8].SequenceEqual("TFL3"u8);

    /// <summary>Reads the file at <paramref name="path"/>; see <see cref="Read"/>.</summary>
    public static Graph ReadFile(string path, DiagnosticBag notes) =>
        Read(InputFile.ReadAll(path, InputFile.MaxModelBytes), Path.GetFileName(path), notes);

    /// <summary>Reads a whole file from memory into a validated graph.</summary>
    /// <param name="file">The file's bytes; at most <see cref="InputFile.MaxModelBytes"/>.</param>
    /// <param name="fileName">Name for messages and for the graph's source.</param>
    /// <param name="notes">Receives MCU0240 to MCU0242: dimensions fixed, weights dequantised, tensors renamed.</param>
    /// <exception cref="DiagnosticException">MCU02xx: no valid or supported TensorFlow Lite file; MCU06xx: no valid graph.</exception>
    public static Graph Read(ReadOnlyMemory<byte> file, string fileName, DiagnosticBag notes)
    {
        string name = Path.GetFileName(fileName);
        Require(HasIdentifier(file.Span), "MCU0201", "This is not a TensorFlow Lite file (its identifier TFL3 is missing).", name, "Check that the file is complete and has the right extension.");
        Require(file.Length <= InputFile.MaxModelBytes, "MCU0203", $"The file has {file.Length} bytes; at most {InputFile.MaxModelBytes} are accepted.", name, "A network of this size does not fit a microcontroller.");
        TfliteModel model = TfliteModel.Parse(new FlatFile(Array(file), name, Budget));
        var source = new ModelSource(name, SourceFormat.Tflite, Convert.ToHexStringLower(SHA256.HashData(file.Span)));
        return GraphValidator.Validate(new TfliteGraph(model, notes).Build(source));
    }

    private static byte[] Array(ReadOnlyMemory<byte> file) =>
        MemoryMarshal.TryGetArray(file, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : file.ToArray();

    private static void Require(bool condition, string code, string message, string location, string hint)
    {
        if (!condition)
        {
            throw new DiagnosticException(code, message, location, hint);
        }
    }
}
