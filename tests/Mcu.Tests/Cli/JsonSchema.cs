using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mcu.Tests.Cli;

/// <summary>
/// The part of JSON Schema (draft 2020-12) that docs/schemas uses: type, required, properties, items, enum, const, pattern,
/// minimum, maximum and references to <c>$defs</c>. Any other keyword fails the test, so that none is silently passed over.
/// </summary>
public sealed class JsonSchema
{
    private static readonly HashSet<string> Ignored = ["$schema", "title", "description", "$defs"];

    private readonly JsonElement root;

    private JsonSchema(JsonElement root) => this.root = root;

    /// <summary>A schema of docs/schemas by its command.</summary>
    public static JsonSchema Load(string command)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(TestData.Repo($"docs/schemas/{command}.schema.json")));
        return new JsonSchema(document.RootElement.Clone());
    }

    /// <summary>Fails the test with the place and the keyword when the document is not valid.</summary>
    public void Check(JsonElement document) => Check(root, document, "$");

    private void Check(JsonElement schema, JsonElement value, string place)
    {
        foreach (JsonProperty keyword in schema.EnumerateObject().Where(keyword => !Ignored.Contains(keyword.Name)))
        {
            Check(keyword, schema, value, place);
        }
    }

    private void Check(JsonProperty keyword, JsonElement schema, JsonElement value, string place)
    {
        JsonElement rule = keyword.Value;
        switch (keyword.Name)
        {
            case "$ref":
                Check(root.GetProperty("$defs").GetProperty(rule.GetString()!["#/$defs/".Length..]), value, place);
                break;
            case "type":
                string[] types = rule.ValueKind == JsonValueKind.Array ? [.. rule.EnumerateArray().Select(type => type.GetString()!)] : [rule.GetString()!];
                Assert.True(types.Any(type => IsOf(type, value)), $"{place} is {value.ValueKind}, not {string.Join(" or ", types)}");
                break;
            case "required" when value.ValueKind == JsonValueKind.Object:
                Assert.All(rule.EnumerateArray(), key => Assert.True(value.TryGetProperty(key.GetString()!, out _), $"{place} lacks {key}"));
                break;
            case "properties" when value.ValueKind == JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    Assert.True(rule.TryGetProperty(property.Name, out JsonElement inner), $"{place}.{property.Name} is not described");
                    Check(inner, property.Value, $"{place}.{property.Name}");
                }

                break;
            case "items" when value.ValueKind == JsonValueKind.Array:
                Assert.All(value.EnumerateArray().Select((item, i) => (item, i)), pair => Check(rule, pair.item, $"{place}[{pair.i}]"));
                break;
            case "enum":
                Assert.Contains(rule.EnumerateArray(), allowed => JsonElement.DeepEquals(allowed, value));
                break;
            case "const":
                Assert.True(JsonElement.DeepEquals(rule, value), place);
                break;
            case "pattern":
                Assert.Matches(new Regex(rule.GetString()!), value.GetString()!);
                break;
            case "minimum" when value.ValueKind == JsonValueKind.Number:
                Assert.True(value.GetDouble() >= rule.GetDouble(), place);
                break;
            case "maximum" when value.ValueKind == JsonValueKind.Number:
                Assert.True(value.GetDouble() <= rule.GetDouble(), place);
                break;
            case "required" or "properties" or "items" or "minimum" or "maximum":
                break;
            default:
                Assert.Fail($"The keyword {keyword.Name} is not known here; schema: {schema}");
                break;
        }
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        _ => false,
    };
}
