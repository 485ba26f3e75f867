using System.Security.Cryptography;
using System.Text.Json;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Packaging;

/// <summary><c>sbom.cdx.json</c> against CycloneDX 1.6 and against the files themselves.</summary>
public sealed class BillOfMaterialsTests
{
    private static readonly string[] Types = ["application", "library", "machine-learning-model", "file"];

    private readonly string place = Path.Combine(TestFolder.Create("sbom"), "net");

    [Fact]
    public void Every_emitted_file_stands_in_it_with_its_hash()
    {
        JsonElement document = Compile();
        Dictionary<string, string> listed = Components(document)
            .Where(part => part.GetProperty("type").GetString() == "file")
            .ToDictionary(part => part.GetProperty("name").GetString()!, Hash, StringComparer.Ordinal);
        Dictionary<string, string> there = Directory.EnumerateFiles(place, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not ("sbom.cdx.json" or "mcu.json"))
            .ToDictionary(file => Path.GetRelativePath(place, file).Replace('\\', '/'), file => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))), StringComparer.Ordinal);

        Assert.Equal(there.OrderBy(file => file.Key, StringComparer.Ordinal), listed.OrderBy(file => file.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Model_and_adapter_stand_in_it_with_the_hash_of_their_files()
    {
        JsonElement[] models = [.. Components(Compile()).Where(part => part.GetProperty("type").GetString() == "machine-learning-model")];

        Assert.Equal(["kws_demo.onnx", "factory-bitfit"], models.Select(part => part.GetProperty("name").GetString()));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(DemoFiles.Base))), Hash(models[0]));
        string adapter = DemoFiles.Adapter("factory-bitfit");
        byte[] both = [.. File.ReadAllBytes(Path.Combine(adapter, "adapter_config.json")), .. File.ReadAllBytes(Path.Combine(adapter, "adapter_model.safetensors"))];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(both)), Hash(models[1]));
    }

    /// <summary>Required keys, enumerations, unique references, and references that lead somewhere.</summary>
    [Fact]
    public void It_keeps_the_rules_of_cyclonedx()
    {
        JsonElement document = Compile();
        Assert.Equal("CycloneDX", document.GetProperty("bomFormat").GetString());
        Assert.Equal("1.6", document.GetProperty("specVersion").GetString());
        Assert.Equal(1, document.GetProperty("version").GetInt32());
        JsonElement subject = document.GetProperty("metadata").GetProperty("component");
        JsonElement[] parts = [subject, .. Components(document)];
        Assert.All(parts, part => Assert.Contains(part.GetProperty("type").GetString(), Types));
        Assert.All(parts, part => Assert.NotEmpty(part.GetProperty("name").GetString()!));
        string[] references = [.. parts.Select(part => part.GetProperty("bom-ref").GetString()!)];
        Assert.Equal(references, references.Distinct(StringComparer.Ordinal));
        Assert.All(document.GetProperty("dependencies").EnumerateArray(), entry =>
        {
            Assert.Contains(entry.GetProperty("ref").GetString()!, references);
            Assert.All(entry.GetProperty("dependsOn").EnumerateArray(), on => Assert.Contains(on.GetString()!, references));
        });
    }

    private static JsonElement.ArrayEnumerator Components(JsonElement document) => document.GetProperty("components").EnumerateArray();

    private static string Hash(JsonElement part)
    {
        JsonElement hash = Assert.Single(part.GetProperty("hashes").EnumerateArray());
        Assert.Equal("SHA-256", hash.GetProperty("alg").GetString());
        return hash.GetProperty("content").GetString()!;
    }

    private JsonElement Compile()
    {
        Assert.Equal(0, CommandLineTests.InProcess("compile", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("factory-bitfit"), "-o", place).ExitCode);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(place, "sbom.cdx.json")));
        return document.RootElement.Clone();
    }
}
