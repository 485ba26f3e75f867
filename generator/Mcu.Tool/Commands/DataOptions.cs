using System.CommandLine;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;

namespace Mcu.Tool.Commands;

/// <summary>Labelled samples, and the parameters of an int8 file of them.</summary>
internal sealed class DataOptions
{
    private readonly Option<string?> data;

    private readonly Option<string?> labels;

    private readonly Option<float?> scale = new("--data-scale")
    {
        Description = "The data file holds int8 of this scale: dequantised for a float network, requantised for an int8 one.",
        HelpName = "S",
    };

    private readonly Option<int?> zeroPoint = new("--data-zero-point")
    {
        Description = "Zero point of the int8 data file (default 0).",
        HelpName = "Z",
    };

    public DataOptions(bool isRequired)
    {
        data = new("--data")
        {
            Description = "Samples: .npy, .npz, or raw values back to back; in the model's input type unless --data-scale is given.",
            HelpName = "FILE",
            Required = isRequired,
        };
        labels = new("--labels")
        {
            Description = "CSV without header, one line per sample in the same order; the last column is the class index.",
            HelpName = "FILE",
            Required = isRequired,
        };
    }

    public void AddTo(Command command)
    {
        command.Options.Add(data);
        command.Options.Add(labels);
        command.Options.Add(scale);
        command.Options.Add(zeroPoint);
    }

    public string? Path(ParseResult parse) => parse.GetValue(data);

    /// <summary>Classes in the order of the samples; null where no file is given.</summary>
    public IReadOnlyList<int>? Labels(ParseResult parse) => parse.GetValue(labels) is { } path ? LabelFile.Read(path) : null;

    /// <summary>Parameters of int8 data; null when the data has the model's own type. MCU0134 for impossible ones.</summary>
    public Quantization? Quantization(ParseResult parse)
    {
        float? givenScale = parse.GetValue(scale);
        int givenZeroPoint = parse.GetValue(zeroPoint) ?? 0;
        if (givenScale is null)
        {
            return parse.GetValue(zeroPoint) is null
                ? null
                : throw new DiagnosticException("MCU0134", "A zero point without a scale says nothing.", "--data-zero-point", "Give --data-scale too.");
        }

        bool valid = givenScale is > 0 and < float.PositiveInfinity && givenZeroPoint is >= sbyte.MinValue and <= sbyte.MaxValue;
        return valid
            ? new Quantization(givenScale.Value, givenZeroPoint)
            : throw new DiagnosticException("MCU0134", "The scale must be a positive number and the zero point an int8 value.", "--data-scale");
    }
}
