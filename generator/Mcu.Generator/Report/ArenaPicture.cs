using System.Globalization;
using System.Text.Json.Serialization;

namespace Mcu.Generator.Report;

/// <summary>
/// The arena over the schedule in SVG units: steps from left to right, addresses from the bottom up. At a step where a
/// buffer is overwritten in place, the old one ends and the new one begins in the middle.
/// </summary>
internal sealed record ArenaPicture(
    double Width, double Height, double Left, double Top, double Right, double Bottom, PictureBox[] Boxes, PictureLine[] Joints, PictureLabel[] Steps, PictureLabel[] Addresses)
{
    private const double PlotWidth = 960;
    private const double PlotHeight = 360;
    private const double LeftMargin = 80;
    private const double TopMargin = 12;
    private const int MostLabels = 40;
    private const int AddressLines = 4;
    private const double LetterWidth = 6.5;
    private const double LetterHeight = 12;

    public static ArenaPicture Draw(PlanReport plan)
    {
        int steps = Math.Max(1, plan.Buffers.Select(buffer => buffer.LastStep + 1).DefaultIfEmpty(1).Max());
        var scale = new Scale(PlotWidth / steps, PlotHeight / Math.Max(1, plan.ArenaBytes));
        HashSet<string> cutEnds = [.. plan.InPlace.Select(pair => pair.Input)];
        HashSet<string> cutStarts = [.. plan.InPlace.Select(pair => pair.Output)];
        var byName = plan.Buffers.ToDictionary(buffer => buffer.Name, StringComparer.Ordinal);
        return new ArenaPicture(
            LeftMargin + PlotWidth + 8,
            TopMargin + PlotHeight + 24,
            LeftMargin,
            TopMargin,
            LeftMargin + PlotWidth,
            TopMargin + PlotHeight,
            [.. plan.Buffers.Select((buffer, i) => Box(buffer, i, scale, cutStarts.Contains(buffer.Name), cutEnds.Contains(buffer.Name)))],
            [.. plan.InPlace.Select(pair => Joint(pair, byName[pair.Input], byName[pair.Output], scale))],
            StepLabels(steps, scale),
            AddressLabels(plan.ArenaBytes, scale));
    }

    private static PictureBox Box(PlannedBuffer buffer, int index, Scale scale, bool cutStart, bool cutEnd)
    {
        // A one-step buffer between two others in place keeps a visible width.
        bool both = buffer.FirstStep == buffer.LastStep && cutStart && cutEnd;
        double first = buffer.FirstStep + (cutStart ? (both ? 0.25 : 0.5) : 0);
        double last = buffer.LastStep + (cutEnd ? (both ? 0.75 : 0.5) : 1);
        double width = (last - first) * scale.Step;
        double height = buffer.Bytes * scale.Byte;
        string title = string.Create(
            CultureInfo.InvariantCulture,
            $"{buffer.Name}: {buffer.Bytes} bytes at {buffer.Offset}, steps {buffer.FirstStep} to {buffer.LastStep}");
        bool fits = height >= LetterHeight && width >= LetterWidth * (buffer.Name.Length + 1);
        return new PictureBox(
            Round(scale.X(first)),
            Round(scale.Y(buffer.Offset + (double)buffer.Bytes)),
            Round(width),
            Round(height),
            buffer.Kind == BufferKind.Scratch ? "scratch" : string.Create(CultureInfo.InvariantCulture, $"hue{index % 6}"),
            title,
            fits ? buffer.Name : "");
    }

    private static PictureLine Joint(InPlacePair pair, PlannedBuffer input, PlannedBuffer output, Scale scale)
    {
        double x = scale.X(pair.Step + 0.5);
        double low = Math.Max(input.Offset, output.Offset);
        double high = Math.Min((double)input.Offset + input.Bytes, (double)output.Offset + output.Bytes);
        return new PictureLine(
            Round(x), Round(scale.Y(high)), Round(scale.Y(low)), $"in place: {pair.Input} is overwritten by {pair.Output}");
    }

    private static PictureLabel[] StepLabels(int steps, Scale scale)
    {
        int stride = (steps + MostLabels - 1) / MostLabels;
        return [.. Enumerable.Range(0, (steps + stride - 1) / stride)
            .Select(i => new PictureLabel(Round(scale.X((i * stride) + 0.5)), Text(i * stride)))];
    }

    private static PictureLabel[] AddressLabels(int arena, Scale scale) =>
        [.. Enumerable.Range(0, AddressLines + 1)
            .Select(i => (long)arena * i / AddressLines)
            .Distinct()
            .Select(address => new PictureLabel(Round(scale.Y(address)), Text(address)))];

    private static string Text(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static double Round(double value) => Math.Round(value, 2, MidpointRounding.ToEven);

    private readonly record struct Scale(double Step, double Byte)
    {
        public double X(double step) => LeftMargin + (step * Step);

        public double Y(double address) => TopMargin + PlotHeight - (address * Byte);
    }
}

/// <summary>A buffer's rectangle.</summary>
internal sealed record PictureBox(double X, double Y, double Width, double Height, string Class, string Title, string Label);

/// <summary>The bytes that an in-place pair has in common.</summary>
internal sealed record PictureLine(double X, double Y1, double Y2, string Title);

/// <summary>A text on an axis.</summary>
internal sealed record PictureLabel(double At, string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ArenaPicture))]
internal sealed partial class ArenaPictureJson : JsonSerializerContext;
