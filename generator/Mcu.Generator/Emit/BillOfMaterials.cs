using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Emit;

/// <summary>
/// What an output folder is made of, as a CycloneDX 1.6 document: the network, the model and adapters it came from, the C runtime, and
/// every file with its hash. Without time and serial number, so that equal inputs give equal bytes.
/// </summary>
internal static class BillOfMaterials
{
    public const string FileName = "sbom.cdx.json";

    private const string Licence = "Apache-2.0";

    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n" };

    public static string Write(Int8Model model, EmittedManifest manifest, IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        var document = new JsonObject
        {
            ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["tools"] = new JsonObject { ["components"] = new JsonArray(new JsonObject { ["type"] = "application", ["name"] = "mcu", ["version"] = manifest.ToolVersion }) },
                ["component"] = new JsonObject { ["type"] = "library", ["bom-ref"] = "network", ["name"] = manifest.Name, ["description"] = manifest.Language is null ? $"Int8 network in C for {manifest.Target}." : "Int8 network in C#." },
            },
            ["components"] = new JsonArray([Model(model), .. Adapters(model), Runtime(manifest), .. files.Select(File)]),
            ["dependencies"] = Dependencies(model),
        };
        return document.ToJsonString(Options) + "\n";
    }

    private static JsonObject Model(Int8Model model) => new()
    {
        ["type"] = "machine-learning-model",
        ["bom-ref"] = "model",
        ["name"] = model.Graph.Source.FileName,
        ["hashes"] = Hashes(model.Graph.Source.Sha256),
    };

    private static IEnumerable<JsonObject> Adapters(Int8Model model) => model.Adapters.Select((adapter, i) => new JsonObject
    {
        ["type"] = "machine-learning-model",
        ["bom-ref"] = AdapterRef(i),
        ["name"] = adapter.Name,
        ["description"] = $"Adapter {i + 1}.",
        ["hashes"] = Hashes(adapter.Sha256),
    });

    private static JsonObject Runtime(EmittedManifest manifest) => new()
    {
        ["type"] = "library",
        ["bom-ref"] = "runtime",
        ["name"] = "mcu-runtime",
        ["version"] = manifest.ToolVersion,
        ["description"] = "Kernels and support of the files whose name begins with mcu_.",
        ["licenses"] = new JsonArray(new JsonObject { ["license"] = new JsonObject { ["id"] = Licence } }),
    };

    private static JsonObject File(KeyValuePair<string, byte[]> file) => new()
    {
        ["type"] = "file",
        ["bom-ref"] = "file:" + file.Key,
        ["name"] = file.Key,
        ["hashes"] = Hashes(Convert.ToHexStringLower(SHA256.HashData(file.Value))),
    };

    private static JsonArray Dependencies(Int8Model model)
    {
        IEnumerable<string> parts = ["model", .. model.Adapters.Select((_, i) => AdapterRef(i)), "runtime"];
        return [new JsonObject { ["ref"] = "network", ["dependsOn"] = new JsonArray([.. parts.Select(part => JsonValue.Create(part))]) }];
    }

    private static string AdapterRef(int index) => $"adapter-{index + 1}";

    private static JsonArray Hashes(string sha256) => [new JsonObject { ["alg"] = "SHA-256", ["content"] = sha256 }];
}
