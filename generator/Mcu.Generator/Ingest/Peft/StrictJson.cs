using System.Text.Json;
using System.Text.Unicode;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>
/// JSON of untrusted files: bounded depth, no duplicate keys, no comments, only well-formed text. After
/// <see cref="ParseObject"/> every string of the document can be read without an exception.
/// </summary>
internal static class StrictJson
{
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Some editors write it in front of UTF-8.</summary>
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Parses an object; anything else, or malformed text, is the diagnostic <paramref name="code"/>.</summary>
    public static JsonElement ParseObject(ReadOnlyMemory<byte> utf8, string code, string location)
    {
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new DiagnosticException(code, "The text is not UTF-8.", location);
        }

        if (utf8.Span.StartsWith(ByteOrderMark))
        {
            utf8 = utf8[ByteOrderMark.Length..];
        }

        try
        {
            using var document = JsonDocument.Parse(utf8, Options);
            JsonElement root = document.RootElement.Clone();
            CheckStrings(root);
            return root.ValueKind == JsonValueKind.Object
                ? root
                : throw new DiagnosticException(code, $"The JSON text is not an object but {Kind(root)}.", location);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new DiagnosticException(code, $"The text is not valid JSON: {e.Message}", location);
        }
    }

    /// <summary>The value's kind in a user's words.</summary>
    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => $"the text '{Names.Short(value.GetString()!)}'",
        JsonValueKind.Number => $"the number {Names.Short(value.GetRawText())}",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    /// <summary>Whether a setting is not in force: null, false, or empty.</summary>
    public static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.GetString()!.Length == 0,
        _ => false,
    };

    /// <summary>Reads every string once: an escaped half of a surrogate pair throws here and nowhere else.</summary>
    private static void CheckStrings(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    CheckStrings(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    _ = property.Name;
                    CheckStrings(property.Value);
                }

                break;
            default:
                break;
        }
    }
}
