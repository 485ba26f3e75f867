using System.Text.Json;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Report;

namespace Mcu.Tests.Report;

public sealed class ReportJsonTests
{
    [Fact]
    public void A_report_survives_the_round_trip()
    {
        CompileReport report = ReportCases.Sample();
        string json = ReportJson.Write(report);
        CompileReport read = ReportJson.Read(json);
        Assert.Equal(report, read);
        Assert.Equal(json, ReportJson.Write(read));
    }

    [Fact]
    public void Keys_and_values_are_the_documented_ones()
    {
        using JsonDocument document = JsonDocument.Parse(ReportJson.Write(ReportCases.Sample()));
        JsonElement root = document.RootElement;
        Assert.Equal(1400, root.GetProperty("arena_bytes").GetInt32());
        Assert.Equal(23000, root.GetProperty("weight_bytes").GetInt32());
        Assert.Equal(700, root.GetProperty("totals").GetProperty("adapter_bytes").GetInt32());
        Assert.Equal("kws_int8.tflite", root.GetProperty("model").GetProperty("file").GetString());
        JsonElement layer = root.GetProperty("layers")[0];
        Assert.Equal("[1,49,10,1]", JsonSerializer.Serialize(layer.GetProperty("input_shape")));
        Assert.Equal("merge-copy", layer.GetProperty("adapter_modes")[0].GetProperty("mode").GetString());
        Assert.Equal("side", root.GetProperty("adapters")[1].GetProperty("layers")[0].GetProperty("mode").GetString());
        JsonElement plan = root.GetProperty("plan");
        // 490 rounded up to 492, 1000 and 160 live at the first step, so no plan is smaller.
        Assert.Equal(1652, plan.GetProperty("arena_bytes").GetInt32());
        Assert.Equal("scratch", plan.GetProperty("buffers")[4].GetProperty("kind").GetString());
        Assert.Equal(1, plan.GetProperty("in_place")[0].GetProperty("step").GetInt32());
    }

    [Fact]
    public void The_document_has_exactly_the_keys_and_types_of_its_schema()
    {
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(TestData.Repo("docs/schemas/compile.schema.json")));
        using JsonDocument document = JsonDocument.Parse(ReportJson.Write(ReportCases.Sample()));
        Match(schema.RootElement, schema.RootElement, document.RootElement, "$");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"report_version\":1,\"layers\":[null]}")]
    public void What_is_no_report_is_a_diagnostic(string json) =>
        Assert.Equal("MCU0830", Assert.Throws<DiagnosticException>(() => ReportJson.Read(json)).Diagnostic.Code);

    /// <summary>The part of JSON Schema that the document's schema uses, and no key beyond it.</summary>
    private static void Match(JsonElement root, JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            Match(root, root.GetProperty("$defs").GetProperty(reference.GetString()!["#/$defs/".Length..]), value, path);
            return;
        }

        if (schema.TryGetProperty("enum", out JsonElement options))
        {
            Assert.Contains(value.GetString(), options.EnumerateArray().Select(option => option.GetString()));
            return;
        }

        if (schema.TryGetProperty("const", out JsonElement constant))
        {
            Assert.Equal(constant.GetRawText(), value.GetRawText());
            return;
        }

        switch (schema.GetProperty("type").GetString())
        {
            case "object":
                MatchObject(root, schema, value, path);
                break;
            case "array":
                Assert.Equal(JsonValueKind.Array, value.ValueKind);
                Assert.All(value.EnumerateArray(), item => Match(root, schema.GetProperty("items"), item, path + "[]"));
                break;
            case "integer":
                Assert.True(value.TryGetInt64(out long number) && number >= schema.GetProperty("minimum").GetInt64(), path);
                break;
            case "boolean":
                Assert.True(value.ValueKind is JsonValueKind.True or JsonValueKind.False, path);
                break;
            default:
                Assert.Equal("string", schema.GetProperty("type").GetString());
                string pattern = schema.TryGetProperty("pattern", out JsonElement expression) ? expression.GetString()! : "";
                Assert.Matches(pattern, value.GetString());
                break;
        }
    }

    private static void MatchObject(JsonElement root, JsonElement schema, JsonElement value, string path)
    {
        string[] known = [.. schema.GetProperty("properties").EnumerateObject().Select(property => property.Name)];
        string[] present = [.. value.EnumerateObject().Select(property => property.Name)];
        Assert.Empty(present.Except(known, StringComparer.Ordinal));
        Assert.Empty(schema.GetProperty("required").EnumerateArray().Select(name => name.GetString()!).Except(present, StringComparer.Ordinal));
        foreach (JsonProperty property in value.EnumerateObject())
        {
            Match(root, schema.GetProperty("properties").GetProperty(property.Name), property.Value, path + "." + property.Name);
        }
    }
}
