using System.Globalization;
using System.Text;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Deltas;

/// <summary>Reads the text of an ABI, which a compiled folder holds beside its sources: enough to read images without the base.</summary>
public static class DeltaAbiText
{
    /// <summary>How the file's name ends.</summary>
    public const string Ending = ".abi.txt";

    private const string Code = "MCU1219";
    private const string Title = "mcu-abi 1";
    private const long MaxBytes = 4 << 20;
    private const int LayerFields = 13;

    /// <summary>Reads the file; MCU0101 to 0106, MCU1219.</summary>
    public static DeltaInterface Load(string path) => Parse(InputFile.ReadAll(path, MaxBytes), path);

    /// <summary>Reads the text; MCU1219 when it is no ABI.</summary>
    public static DeltaInterface Parse(byte[] utf8, string path)
    {
        string[] lines = Encoding.UTF8.GetString(utf8).Split('\n');
        if (lines.Length < 3 || lines[0] != Title || lines[1] is not ("packing 0" or "packing 1"))
        {
            throw Error("it does not start with 'mcu-abi 1' and a packing", path);
        }

        EquatableArray<DeltaLayerShape> layers = lines.Where(l => l.StartsWith("layer ", StringComparison.Ordinal)).Select((line, i) => Layer(line, i, path)).ToEquatableArray();
        return new DeltaInterface(DeltaHash.Of(utf8), null, lines[1][^1] - '0', layers);
    }

    private static DeltaLayerShape Layer(string line, int index, string path)
    {
        string[] fields = line.Split(' ', LayerFields);
        bool valid = fields.Length == LayerFields && Number(fields[1], 0, ushort.MaxValue) == index && KindOf(fields[2]) is not null;
        long? outputs = valid ? Number(fields[3], 1, ushort.MaxValue) : null;
        long? depth = valid ? Number(fields[4], 1, ushort.MaxValue) : null;
        long? fast = valid ? Number(fields[5], 0, 1) : null;
        long? zeroPoint = valid ? Number(fields[7], sbyte.MinValue, sbyte.MaxValue) : null;
        long? largest = valid ? Number(fields[10], 0, 1L << 31) : null;
        return outputs is not null && depth is not null && fast is not null && zeroPoint is not null && largest is not null && HasAsMany(fields[11], (int)outputs)
            ? new DeltaLayerShape(fields[12], KindOf(fields[2])!.Value, (int)outputs, (int)depth, fast == 1, (int)zeroPoint, largest.Value) { Channels = fields[11] }
            : throw Error($"its line of layer {index} is not valid", path);
    }

    /// <summary>Whether the text is <c>all</c>, or ascending ranges of as many channels as the layer has outputs.</summary>
    private static bool HasAsMany(string channels, int outputs)
    {
        if (channels == DeltaLayerShape.AllChannels)
        {
            return true;
        }

        (long count, long last) = (0, -1);
        foreach (string range in channels.Split(','))
        {
            string[] ends = range.Split('-');
            if (ends.Length > 2 || Number(ends[0], last + 1, ushort.MaxValue) is not { } first || Number(ends[^1], first, ushort.MaxValue) is not { } end)
            {
                return false;
            }

            (count, last) = (count + end - first + 1, end);
        }

        return count == outputs;
    }

    private static LinearKind? KindOf(string text) => text switch
    {
        "matrix" => LinearKind.Matrix,
        "depthwise" => LinearKind.Depthwise,
        "norm" => LinearKind.Norm,
        _ => null,
    };

    private static long? Number(string text, long least, long most) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most ? value : null;

    private static DiagnosticException Error(string what, string path) =>
        new(Code, $"The file is no ABI of a compiled network: {what}.", path, "Give the .abi.txt that 'mcu compile --deltas' wrote, its folder, or the base.");
}
