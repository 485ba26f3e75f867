using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;

namespace Mcu.Tool.Commands;

/// <summary>A file of outputs: raw, or a NumPy array where its name ends so.</summary>
internal static class OutputFile
{
    /// <summary>Refuses, before the work, a name that cannot be served (MCU0133).</summary>
    public static void Check(string? path)
    {
        if (path is not null && Path.GetExtension(path).Equals(".npz", StringComparison.OrdinalIgnoreCase))
        {
            throw new DiagnosticException("MCU0133", "Outputs are written raw or as .npy, not as an .npz archive.", path, "Name the file .npy or .bin.");
        }
    }

    public static void Write(string? path, byte[] outputs, Tensor output, int samples)
    {
        if (path is not null)
        {
            bool numpy = Path.GetExtension(path).Equals(".npy", StringComparison.OrdinalIgnoreCase);
            AtomicFile.Write(path, numpy ? NumpyWriter.File(outputs, output.Type, [samples, .. output.Shape.Dims.Skip(1)]) : outputs);
        }
    }
}
