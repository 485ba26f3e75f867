using System.Globalization;
using System.Text;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>Reads class labels: comma-separated lines without a header, the class index in the last column.</summary>
public static class LabelFile
{
    /// <summary>Largest file accepted, in bytes.</summary>
    public const long MaxBytes = 64L * 1024 * 1024;

    /// <summary>One class index per line, in file order. Throws MCU0130 with the line.</summary>
    public static IReadOnlyList<int> Read(string path)
    {
        string text = Encoding.UTF8.GetString(BoundedFile.Read(path, MaxBytes, "MCU0120"));
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new DiagnosticException("MCU0130", "The file holds no label.", $"{path}:1", "One line per sample, no header line, the class index last.");
        }

        List<int> labels = [];
        int number = 0;
        foreach (ReadOnlySpan<char> raw in text.AsSpan().TrimStart('\ufeff').TrimEnd().EnumerateLines())
        {
            number++;
            ReadOnlySpan<char> column = raw[(raw.LastIndexOf(',') + 1)..].Trim().Trim('"');
            labels.Add(int.TryParse(column, NumberStyles.None, CultureInfo.InvariantCulture, out int label)
                ? label
                : throw new DiagnosticException("MCU0130", $"The last column '{Names.Short(column.ToString())}' is not a class index from 0.", $"{path}:{number}", "One line per sample, no header line, the class index last."));
        }

        return labels;
    }
}
