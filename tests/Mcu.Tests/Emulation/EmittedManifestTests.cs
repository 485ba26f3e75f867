using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit;

namespace Mcu.Tests.Emulation;

public class EmittedManifestTests
{
    [Fact]
    public void A_written_manifest_is_read_back_equal()
    {
        using var model = new FakeModel();
        Assert.Equal(model.Manifest, EmittedManifest.Load(model.Folder));
    }

    [Fact]
    public void The_file_uses_snake_case_and_line_feeds()
    {
        string text = FakeModel.CreateManifest().ToJson();
        Assert.StartsWith("{\n  \"manifest_version\": 1,\n  \"name\": \"fake\",\n  \"prefix\": \"fake\",\n  \"tool_version\"", text, StringComparison.Ordinal);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
    }

    [Fact]
    public void A_folder_without_a_manifest_is_told()
    {
        Assert.Equal("MCU1080", Code(Path.Combine(Path.GetTempPath(), "there-is-no-such-folder")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"manifest_version\": \"one\"}")]
    [InlineData("not json")]
    public void A_file_that_is_no_manifest_is_told(string text)
    {
        using var model = new FakeModel();
        model.Write(EmittedManifest.FileName, text);
        Assert.Equal("MCU1081", Code(model.Folder));
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        using var model = new FakeModel();
        model.Write(EmittedManifest.FileName, string.Concat(Enumerable.Repeat("{\"a\":[", 100_000)));
        Assert.Equal("MCU1081", Code(model.Folder));
    }

    [Theory]
    [InlineData("\"manifest_version\": 1", "\"manifest_version\": 2")]
    [InlineData("\"prefix\": \"fake\"", "\"prefix\": \"a;b\"")]
    [InlineData("\"prefix\": \"fake\"", "\"prefix\": \"\"")]
    [InlineData("\"fake.h\"", "\"../fake.h\"")]
    [InlineData("\"fake.h\"", "\"/etc/passwd\"")]
    [InlineData("\"fake.h\"", "\"-include.h\"")]
    [InlineData("\"fake.h\"", "\"fake.h\\n\"")]
    [InlineData("\"mcu/run.c\"", "\"mcu/../../run.c\"")]
    [InlineData("\"mcu/run.c\"", "\"mcu/run.so\"")]
    [InlineData("\"mcu/run.c\"", "\"fake.c\"")]
    [InlineData("\"INIT_STATUS=0\"", "\"INIT_STATUS=0 -o /tmp/x\"")]
    [InlineData("\"bytes\": 4", "\"bytes\": 5")]
    [InlineData("\"bytes\": 4", "\"bytes\": -4")]
    [InlineData("\"type\": \"int8\"", "\"type\": \"int4\"")]
    [InlineData("\"scale\": 0.5", "\"scale\": 0")]
    [InlineData("\"zero_point\": -3", "\"zero_point\": 300")]
    [InlineData("\"arena_bytes\": 64", "\"arena_bytes\": -1")]
    [InlineData("\"arena_bytes\": 64", "\"arena_bytes\": 2000000000")]
    [InlineData("\"arena_bytes\": 64", "\"arena_bytes\": 64, \"layer_outputs\": []")]
    [InlineData("\"arena_bytes\": 64", "\"arena_bytes\": 64, \"layer_outputs\": [{\"tensor\": \"t\", \"offset\": 60, \"bytes\": 8}]")]
    [InlineData("\"arena_bytes\": 64", "\"arena_bytes\": 64, \"layer_outputs\": [{\"tensor\": \"t\", \"offset\": -4, \"bytes\": 8}]")]
    [InlineData("\"arena_bytes\": 64", "\"arena_bytes\": 64, \"layer_outputs\": [{\"tensor\": \"t\", \"offset\": 2147483647, \"bytes\": 2147483647}]")]
    [InlineData("\"index\": 1", "\"index\": 3")]
    [InlineData("\"model_sha256\": \"0", "\"model_sha256\": \"x")]
    public void A_value_that_could_do_harm_is_refused(string from, string to)
    {
        using var model = new FakeModel();
        string text = model.Manifest.ToJson();
        Assert.Contains(from, text, StringComparison.Ordinal);
        int at = text.IndexOf(from, StringComparison.Ordinal);
        model.Write(EmittedManifest.FileName, text[..at] + to + text[(at + from.Length)..]);
        Assert.Equal("MCU1082", Code(model.Folder));
    }

    [Theory]
    [InlineData("\"name\": \"fake\"", "\"name\": null")]
    [InlineData("\"mcu/run.c\"", "null")]
    [InlineData("\"bytes\": 4", "\"bytes\": 99999999999")]
    public void A_value_of_the_wrong_kind_is_refused(string from, string to)
    {
        using var model = new FakeModel();
        model.Write(EmittedManifest.FileName, model.Manifest.ToJson().Replace(from, to, StringComparison.Ordinal));
        Assert.Equal("MCU1081", Code(model.Folder));
    }

    [Fact]
    public void A_missing_source_is_named()
    {
        using var model = new FakeModel();
        File.Delete(Path.Combine(model.Folder, "mcu", "run.c"));
        var failure = Assert.Throws<DiagnosticException>(() => EmittedManifest.Load(model.Folder));
        Assert.Equal("MCU1083", failure.Diagnostic.Code);
        Assert.Contains("mcu/run.c", failure.Diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncation_anywhere_gives_a_diagnostic()
    {
        using var model = new FakeModel();
        string text = model.Manifest.ToJson();
        for (int length = 0; length < text.TrimEnd().Length; length += 13)
        {
            model.Write(EmittedManifest.FileName, text[..length]);
            Assert.Equal("MCU1081", Code(model.Folder));
        }
    }

    private static string Code(string folder) =>
        Assert.Throws<DiagnosticException>(() => EmittedManifest.Load(folder)).Diagnostic.Code;
}
