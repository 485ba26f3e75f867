using System.Net;
using System.Text.Json;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;
using Scriban.Runtime;

namespace Mcu.Generator.Report;

/// <summary>
/// The report as one self-contained HTML page without scripts. The template sees the JSON document, with every string
/// escaped on the way, so that a template cannot forget to; the page is well-formed XML too.
/// </summary>
public static class ReportHtml
{
    private const string TemplatePath = "runtime-templates/report/report.sbn";

    public static string Write(CompileReport report)
    {
        JsonElement document = JsonSerializer.SerializeToElement(report, ReportJsonContext.Default.CompileReport);
        JsonElement picture = JsonSerializer.SerializeToElement(ArenaPicture.Draw(report.Plan), ArenaPictureJson.Default.ArenaPicture);
        return new TemplateRenderer().Render(TemplatePath, new Dictionary<string, object?>
        {
            ["report"] = ToScript(document),
            ["picture"] = ToScript(picture),
        });
    }

    private static object? ToScript(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => ToObject(element),
        JsonValueKind.Array => new ScriptArray(element.EnumerateArray().Select(ToScript)),
        JsonValueKind.String => WebUtility.HtmlEncode(Printable.Text(element.GetString() ?? "")),
        JsonValueKind.Number => element.TryGetInt64(out long whole) ? whole : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static ScriptObject ToObject(JsonElement element)
    {
        var result = new ScriptObject(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            result.SetValue(property.Name, ToScript(property.Value), readOnly: true);
        }

        return result;
    }
}
