using System.Text.Json;
using System.Text.Json.Serialization;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Report;

/// <summary>The report as JSON: two-space indent, LF, a final newline; equal reports give equal bytes.</summary>
public static class ReportJson
{
    /// <summary>Name of the report in an output folder.</summary>
    public const string FileName = "report.json";

    public static string Write(CompileReport report) =>
        JsonSerializer.Serialize(report, ReportJsonContext.Default.CompileReport) + "\n";

    /// <summary>A mode as the document writes it, such as <c>merge-copy</c>.</summary>
    public static string Name(AdapterMode mode) => JsonNamingPolicy.KebabCaseLower.ConvertName(mode.ToString());

    /// <summary>Reads what <see cref="Write"/> wrote; MCU0830 if it is not a report.</summary>
    public static CompileReport Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ReportJsonContext.Default.CompileReport) ?? throw new JsonException("null is not a report");
        }
        catch (JsonException failure)
        {
            throw new DiagnosticException("MCU0830", $"The report cannot be read: {failure.Message}", hint: "Compile the model again.");
        }
    }
}

/// <summary>Modes as <c>merge-copy</c>, <c>side</c> and so on.</summary>
internal sealed class AdapterModeConverter() : JsonStringEnumConverter<AdapterMode>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true,
    WriteIndented = true,
    IndentSize = 2,
    NewLine = "\n")]
[JsonSerializable(typeof(CompileReport))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(LayerReport[]))]
[JsonSerializable(typeof(LayerAdapter[]))]
[JsonSerializable(typeof(AdapterReport[]))]
[JsonSerializable(typeof(AdapterLayerReport[]))]
[JsonSerializable(typeof(AdapterMeasurement[]))]
[JsonSerializable(typeof(PlannedBuffer[]))]
[JsonSerializable(typeof(InPlacePair[]))]
[JsonSerializable(typeof(DiagnosticReport[]))]
internal sealed partial class ReportJsonContext : JsonSerializerContext;
