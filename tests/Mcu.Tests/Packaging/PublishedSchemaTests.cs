using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Packaging;

/// <summary>
/// Files for build systems against the schemas that these publish, in the folder <c>MCU_SCHEMAS</c> (docs/BUILD-SYSTEMS.md says which), and by
/// the build systems' own programs where they are found. Each check also refuses a file that was broken on purpose.
/// </summary>
public sealed class PublishedSchemaTests
{
    private const string Validate = """
        import json, pathlib, sys, jsonschema, referencing
        schemas = [json.loads(p.read_text()) for p in pathlib.Path(sys.argv[1]).glob("*.json")]
        schemas = {s["$id"]: s for s in schemas if "$id" in s}
        registry = referencing.Registry().with_resources((k, referencing.Resource.from_contents(s)) for k, s in schemas.items())
        schema = next(s for k, s in schemas.items() if k.endswith("/" + sys.argv[2]))
        validator = jsonschema.validators.validator_for(schema)(schema, registry=registry)
        for error in validator.iter_errors(json.load(open(sys.argv[3]))):
            print(error.json_path, error.message[:200])
        """;

    /// <summary>The component manager's own schema of a manifest; 1.x has it without pydantic.</summary>
    private const string ValidateManifest = """
        import sys, yaml
        sys.path.insert(0, sys.argv[1])
        from schema import SchemaError
        from idf_component_tools.manifest.schemas import schema_builder
        try:
            schema_builder().validate(yaml.safe_load(open(sys.argv[2])))
        except SchemaError as error:
            print(str(error)[:200])
        """;

    private readonly string folder = TestFolder.Create("schemas");

    private static string? Schemas => Environment.GetEnvironmentVariable("MCU_SCHEMAS");

    [Fact]
    public void The_pack_description_is_valid_against_pack_xsd()
    {
        string schema = Schema("PACK.xsd");
        XDocument description = XDocument.Load(Path.Combine(Compile("cmsis-pack"), "Mcu.kws.pdsc"));
        Assert.Empty(Problems(description));
        description.Root!.Element("releases")!.Remove();
        Assert.NotEmpty(Problems(description));

        List<string> Problems(XDocument document)
        {
            var set = new XmlSchemaSet();
            using var reader = XmlReader.Create(schema);
            set.Add(null, reader);
            var problems = new List<string>();
            document.Validate(set, (_, e) => problems.Add(e.Message));
            return problems;
        }
    }

    [Fact]
    public void The_bill_of_materials_is_valid_against_cyclonedx()
    {
        string place = Compile();
        JsonNode document = JsonNode.Parse(File.ReadAllText(Path.Combine(place, "sbom.cdx.json")))!;
        AssertValid("bom-1.6.schema.json", document, broken => broken["components"]![0]!["type"] = "network");
    }

    [Fact]
    public void Library_properties_are_valid_against_arduino_lint_s_schema()
    {
        var properties = new JsonObject();
        foreach (string[] pair in File.ReadAllLines(Path.Combine(Compile("arduino"), "library.properties")).Select(line => line.Split('=', 2)))
        {
            properties[pair[0]] = pair[1];
        }

        AssertValid("arduino-library-properties-schema.json", properties, broken => broken["url"] = "");
    }

    [Fact]
    public void Arduino_lint_finds_no_error()
    {
        Assert.SkipUnless(Programs.Has("arduino-lint"), "needs arduino-lint");
        new Sdk(folder).Run("arduino-lint", "--compliance", "specification", "--project-type", "library", "--library-manager", "false", Compile("arduino"));
    }

    /// <summary>PlatformIO checks <c>library.json</c> when it packs a library; the list of licences it loads from the network, where there is one.</summary>
    [Fact]
    public void Platformio_has_nothing_against_library_json()
    {
        Assert.SkipUnless(Programs.Has("pio"), "needs PlatformIO (pio)");
        string place = Compile("platformio");
        var shell = new Sdk(folder, new Dictionary<string, string?> { ["PLATFORMIO_CORE_DIR"] = Path.Combine(folder, "core"), ["PLATFORMIO_SETTING_ENABLE_TELEMETRY"] = "no" });
        (int exit, string output) = shell.Try("pio", "pkg", "pack", place, "-o", "good.tar.gz");
        Assert.True(exit == 0 || output.Contains("fields: {'license': ['Could not load SPDX licenses for validation']}.", StringComparison.Ordinal), output);
        string file = Path.Combine(place, "library.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"version\"", "\"release\"", StringComparison.Ordinal));
        Assert.Contains("'version': ['Missing data for required field.']", shell.Try("pio", "pkg", "pack", place, "-o", "bad.tar.gz").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_component_manifest_is_valid_to_espressif_s_component_manager()
    {
        Assert.SkipUnless(Schemas is not null && Directory.Exists(Path.Combine(Schemas, "idf_component_tools")), "needs idf_component_tools and idf_component_manager 1.5 in MCU_SCHEMAS");
        string? python = ((string[])["python3", "/usr/bin/python3"]).FirstOrDefault(program => Programs.Has(program) && new Sdk(folder).Try(program, "-c", "import schema, yaml").ExitCode == 0);
        Assert.SkipWhen(python is null, "needs python3 with schema and yaml");
        string manifest = Path.Combine(Compile("esp-idf"), "idf_component.yml");
        Assert.Equal("", Problems());
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("version: \"", "version: \"x", StringComparison.Ordinal));
        Assert.Contains("version", Problems(), StringComparison.Ordinal);

        string Problems() => new Sdk(folder).Run(python!, "-c", ValidateManifest, Schemas!, manifest);
    }

    private static string Schema(string name)
    {
        Assert.SkipWhen(Schemas is null, "needs the published schemas: MCU_SCHEMAS");
        string path = Path.Combine(Schemas!, name);
        Assert.True(File.Exists(path), path);
        return path;
    }

    private void AssertValid(string schema, JsonNode document, Action<JsonNode> breaking)
    {
        Schema(schema);
        Assert.SkipUnless(HasJsonSchema(), "needs python3 with jsonschema");
        Assert.Equal("", Problems());
        breaking(document);
        Assert.NotEqual("", Problems());

        string Problems()
        {
            File.WriteAllText(Path.Combine(folder, "document.json"), document.ToJsonString());
            return new Sdk(folder).Run("python3", "-c", Validate, Schemas!, schema, "document.json");
        }
    }

    private bool HasJsonSchema() => Programs.Has("python3") && new Sdk(folder).Try("python3", "-c", "import jsonschema, referencing").ExitCode == 0;

    private string Compile(params string[] forms)
    {
        string place = Path.Combine(folder, "kws");
        ToolRun run = CommandLineTests.InProcess(
        [
            "compile", DemoFiles.Base, "--name", "kws", "--calibration", DemoFiles.Calibration, "--adapter", DemoFiles.Adapter("factory-bitfit"), "-o", place,
            .. forms.SelectMany(form => (string[])["--form", form]),
        ]);
        Assert.Equal(0, run.ExitCode);
        return place;
    }
}
