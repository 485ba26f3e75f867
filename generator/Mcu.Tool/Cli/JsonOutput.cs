using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mcu.Generator.Diagnostics;

namespace Mcu.Tool.Cli;

/// <summary>The one JSON document that a command prints with <c>--json</c>; schemas are in docs/schemas.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        WriteIndented = true,
        NewLine = "\n",
        // The document goes to a terminal or a program, never into a web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public static string Text<T>(T document) => JsonSerializer.Serialize(document, Options);

    public static string Error(Diagnostic diagnostic) => Text(new ErrorDocument(
        new ErrorBody(diagnostic.Code, diagnostic.Message, diagnostic.Location, diagnostic.Hint)));

    private sealed record ErrorDocument(ErrorBody Error);

    private sealed record ErrorBody(string Code, string Message, string Location, string Hint);
}
