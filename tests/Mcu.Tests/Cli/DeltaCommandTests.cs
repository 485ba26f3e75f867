using System.CommandLine;
using System.Text.Json;
using Mcu.Emulation;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Tests.Deltas;
using Mcu.Tests.EndToEnd;
using Mcu.Tool.Cli;

namespace Mcu.Tests.Cli;

/// <summary>The commands of <c>mcu delta</c> as users call them.</summary>
public sealed class DeltaCommandTests
{
    private static readonly Lazy<string> Packed = new(() => PackOnce("factory-lora", "side", "2"));
    private static readonly Lazy<string> Biases = new(() => PackOnce("factory-bitfit", "auto", "1"));

    private readonly string folder = TestFolder.Create("delta");

    public static TheoryData<string> Subcommands => [.. CommandLine.Create().Subcommands.Single(c => c.Name == "delta").Subcommands.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Subcommands))]
    public void Help_of_a_subcommand_has_examples_that_parse_and_describes_everything(string command)
    {
        ToolRun run = CommandLineTests.InProcess("delta", command, "--help");
        Command parsed = CommandLine.Create().Subcommands.Single(c => c.Name == "delta").Subcommands.Single(c => c.Name == command);
        string[] examples = [.. run.Output.Split('\n').Where(line => line.StartsWith("  mcu ", StringComparison.Ordinal))];

        Assert.Equal(0, run.ExitCode);
        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.Empty(CommandLine.Create().Parse(example.Trim()["mcu ".Length..]).Errors));
        Assert.All(parsed.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
        Assert.All(parsed.Arguments, argument => Assert.False(string.IsNullOrWhiteSpace(argument.Description), argument.Name));
    }

    [Fact]
    public void Delta_alone_says_what_can_follow()
    {
        ToolRun run = CommandLineTests.InProcess("delta");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("pack, inspect, verify", run.Error, StringComparison.Ordinal);
        Assert.Contains("'mcu delta pack --help'", CommandLineTests.InProcess("delta", "pack", "--adaptr").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_shows_an_image_without_its_network_and_with_names_with_it()
    {
        JsonElement alone = Ok("delta", "delta", "inspect", Packed.Value);
        JsonElement named = Ok("delta", ["delta", "inspect", Packed.Value, .. Against]);

        Assert.Equal(2, alone.GetProperty("id").GetInt32());
        Assert.Equal(new FileInfo(Packed.Value).Length, alone.GetProperty("bytes").GetInt64());
        Assert.All(alone.GetProperty("layers").EnumerateArray(), l => Assert.Equal(JsonValueKind.Null, l.GetProperty("name").ValueKind));
        Assert.All(named.GetProperty("layers").EnumerateArray(), l => Assert.Equal(4, Assert.Single(l.GetProperty("ranks").EnumerateArray()).GetInt32()));
        Assert.True(JsonElement.DeepEquals(alone, Ok("inspect", "inspect", Packed.Value).GetProperty("delta")));
        Assert.Contains("lora", CommandLineTests.InProcess("delta", "inspect", Packed.Value).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Sign_and_verify_with_key_and_trust_store_follow_rotation_and_revocation()
    {
        string signed = Path.Combine(folder, "signed.mcud");
        string secret = Write("private.pem", TestKeys.P256PrivatePem);
        string known = Write("public.pem", TestKeys.P256PublicPem);
        string other = Write("other.pem", TestKeys.EdPublicPem);
        Ok("delta", "delta", "sign", Packed.Value, "--key", secret, "--kid", "0a01", "-o", signed);

        Assert.True(Ok("delta-verify", ["delta", "verify", signed, "--key", other, "--key", known, .. Against]).GetProperty("ok").GetBoolean());
        Assert.Contains("MCU1281", Failed("delta", "verify", signed, "--key", other), StringComparison.Ordinal);
        Assert.Contains("MCU1280", Failed("delta", "verify", Packed.Value, "--key", known), StringComparison.Ordinal);
        Assert.Equal(0, CommandLineTests.InProcess("delta", "verify", signed, "--trust", Store("")).ExitCode);
        Assert.Contains("MCU1283", Failed("delta", "verify", signed, "--trust", Store(", \"revoked\": true")), StringComparison.Ordinal);
        Assert.Contains("MCU1283", Failed("delta", "verify", signed, "--trust", Store(", \"not_before_version\": 2")), StringComparison.Ordinal);
        string again = Path.Combine(folder, "again.mcud");
        Ok("delta", "delta", "sign", signed, "--key", Write("ed.pem", TestKeys.EdPrivatePem), "--kid", "0b", "-o", again);
        Assert.Equal("EdDSA", Ok("delta", "delta", "inspect", again).GetProperty("signature").GetProperty("algorithm").GetString());
    }

    [Fact]
    public void Verify_refuses_another_network_and_runs_the_self_tests_of_the_right_one()
    {
        JsonElement document = Ok("delta-verify", ["delta", "verify", Packed.Value, .. Against]);
        Assert.Equal(["format", "network", "self-test"], document.GetProperty("checks").EnumerateArray().Select(c => c.GetProperty("check").GetString()));
        string samples = DemoFiles.FloatSamples(2);

        Assert.Contains("MCU1208", Failed("delta", "verify", Packed.Value, "--against", DemoFiles.Base, "--calibration", samples), StringComparison.Ordinal);
    }

    [Fact]
    public void Compose_writes_one_image_and_refuses_conflicts_by_name()
    {
        string sparse = TestData.Repo("tests/Mcu.Tests/Deltas/vectors/rows");
        string rows = Pack(Path.Combine(folder, "rows.mcud"), sparse, "merge", "3");
        string both = Path.Combine(folder, "both.mcud");
        string second = Pack(Path.Combine(folder, "second.mcud"), DemoFiles.Adapter("factory-bitfit"), "auto", "1");

        JsonElement document = Ok("delta", ["delta", "compose", Packed.Value, rows, "-o", both, "--id", "9", .. Against]);
        Assert.Equal(2, document.GetProperty("parents").GetArrayLength());
        Assert.Equal(9, document.GetProperty("id").GetInt32());
        Assert.True(Ok("delta-verify", ["delta", "verify", both, .. Against]).GetProperty("ok").GetBoolean());
        ToolRun conflict = CommandLineTests.InProcess(["delta", "compose", Biases.Value, second, "-o", both, .. Against]);
        Assert.Equal(1, conflict.ExitCode);
        Assert.Contains("MCU1212", conflict.Error, StringComparison.Ordinal);
        Assert.Contains("second.mcud", conflict.Error, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(Biases.Value), conflict.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_names_fields_and_sections()
    {
        JsonElement equal = Ok("delta-diff", "delta", "diff", Packed.Value, Packed.Value);
        JsonElement different = Ok("delta-diff", ["delta", "diff", Packed.Value, Biases.Value, .. Against]);

        Assert.True(equal.GetProperty("equal").GetBoolean());
        Assert.False(different.GetProperty("equal").GetBoolean());
        Assert.Contains(different.GetProperty("fields").EnumerateArray(), f => f.GetProperty("field").GetString() == "id");
        Assert.Contains(different.GetProperty("layers").EnumerateArray(), l => l.GetProperty("section").GetString() == "lora" && l.GetProperty("where").GetString() == "only in A");
    }

    [Fact]
    public void Unpack_writes_a_document_and_an_archive_for_every_changed_layer()
    {
        string place = Path.Combine(folder, "unpacked");
        JsonElement document = Ok("delta", ["delta", "unpack", Packed.Value, "-o", place, .. Against]);

        Assert.Equal(document.GetRawText(), JsonDocument.Parse(File.ReadAllText(Path.Combine(place, "delta.json"))).RootElement.GetRawText());
        foreach (JsonElement layer in document.GetProperty("layers").EnumerateArray())
        {
            string file = Path.Combine(place, $"layer{layer.GetProperty("index").GetInt32()}.npz");
            Assert.Contains(NumpyReader.Read(File.ReadAllBytes(file), file), a => a.Name == "lora0_a" && a.Type == NumpyType.Int8 && a.Shape[0] == 4);
        }
    }

    [Fact]
    public void Apply_writes_the_tables_of_every_layer()
    {
        string place = Path.Combine(folder, "effective.npz");
        JsonElement document = Ok("delta-apply", "delta", "apply", DemoFiles.Base, Biases.Value, "--calibration", DemoFiles.Calibration, "-o", place);
        IReadOnlyList<NumpyArray> arrays = NumpyReader.Read(File.ReadAllBytes(place), place);

        Assert.All(document.GetProperty("layers").EnumerateArray(), l => Assert.Contains(arrays, a => a.Name == $"{l.GetProperty("index").GetInt32()}.weights" && a.Type == NumpyType.Int16));
        Assert.Contains(document.GetProperty("layers").EnumerateArray(), l => l.GetProperty("changed").GetBoolean());
    }

    [Fact]
    public void An_encrypted_image_comes_back_with_its_key_alone()
    {
        string secret = Write("secret.hex", new string('a', 64));
        string hidden = Path.Combine(folder, "hidden.bin");
        string back = Path.Combine(folder, "back.mcud");
        Ok(null, "delta", "encrypt", Packed.Value, "--key", secret, "--kid", "01", "-o", hidden);
        Ok("delta", "delta", "decrypt", hidden, "--key", secret, "-o", back);

        Assert.Equal(File.ReadAllBytes(Packed.Value), File.ReadAllBytes(back));
        ToolRun refused = CommandLineTests.InProcess("delta", "decrypt", hidden, "--key", Write("other.hex", new string('b', 64)), "-o", back);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("MCU1220", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MCU1222", "pack BASE -o OUT")]
    [InlineData("MCU1222", "pack BASE --adapter ADAPTER --self-tests 256 -o OUT")]
    [InlineData("MCU0101", "inspect missing.mcud")]
    [InlineData("MCU1201", "inspect BASE")]
    [InlineData("MCU1216", "sign IMAGE --key IMAGE --kid 01")]
    [InlineData("MCU1218", "sign IMAGE --key KEY --kid 0")]
    [InlineData("MCU1221", "unpack IMAGE -o OUT")]
    [InlineData("MCU1217", "verify IMAGE --trust TRUST")]
    [InlineData("MCU1219", "inspect IMAGE --against FOLDER")]
    [InlineData("MCU1219", "inspect IMAGE --against ABI")]
    [InlineData("MCU1216", "encrypt IMAGE --key KEY --kid 01 -o OUT")]
    public void A_mistake_is_one_diagnostic_and_leaves_nothing(string code, string line)
    {
        string output = Path.Combine(folder, "out");
        var words = new Dictionary<string, string>
        {
            ["BASE"] = DemoFiles.Base,
            ["ADAPTER"] = DemoFiles.Adapter("factory-bitfit"),
            ["IMAGE"] = Packed.Value,
            ["OUT"] = output,
            ["KEY"] = Write("k.pem", TestKeys.EdPrivatePem),
            ["TRUST"] = Write("t.json", "{}"),
            ["FOLDER"] = folder,
            ["ABI"] = Write("x.abi.txt", "mcu-abi 1\npacking 1\nlayer 0 matrix 0 1 1 0 0 0 0 0 all x\n"),
        };
        byte[] before = File.ReadAllBytes(Packed.Value);
        if (line.EndsWith("FOLDER", StringComparison.Ordinal))
        {
            File.Delete(words["ABI"]);
        }

        ToolRun run = CommandLineTests.InProcess(["delta", .. line.Split(' ').Select(w => words.GetValueOrDefault(w, w)), "--json"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(code, run.Json().GetProperty("error").GetProperty("code").GetString());
        Assert.False(File.Exists(output) || Directory.Exists(output));
        Assert.Equal(before, File.ReadAllBytes(Packed.Value));
    }

    /// <summary>An image is an adapter for the reference and for compiled firmware; both give the packed adapter's bytes.</summary>
    [Theory]
    [InlineData("reference")]
    [InlineData("host")]
    [InlineData("qemu:cortex-m4")]
    public void An_image_runs_as_an_adapter_with_the_bytes_of_the_adapter_it_was_packed_from(string place)
    {
        if (place != "reference")
        {
            DemoFiles.Require(place == "host" ? [ToolKind.HostCompiler] : [ToolKind.HostCompiler, ToolKind.ArmCompiler, ToolKind.ArmLibrary, ToolKind.Qemu]);
        }

        byte[] image = Outputs(place, Packed.Value, "auto");

        Assert.Equal(Outputs(place, DemoFiles.Adapter("factory-lora"), "side"), image);
        Assert.NotEqual(Outputs("reference", DemoFiles.Adapter("accent-lora"), "side"), image);
    }

    /// <summary>base ⊕ A ⊕ B on a device, attached in order and as one composed image, against the reference with the composed image.</summary>
    [Theory]
    [InlineData("host")]
    [InlineData("qemu:cortex-m4")]
    public void A_device_gives_the_bytes_of_the_composed_image_attached_in_order_or_as_one(string place)
    {
        DemoFiles.Require(place == "host" ? [ToolKind.HostCompiler] : [ToolKind.HostCompiler, ToolKind.ArmCompiler, ToolKind.ArmLibrary, ToolKind.Qemu]);
        string[] target = place == "host" ? ["--target", "host"] : [];
        string[] parts =
        [
            PackFor(target, DemoFiles.Adapter("factory-lora"), "side", "first.mcud"),
            PackFor(target, TestData.Repo("tests/Mcu.Tests/Deltas/vectors/rows"), "merge", "rows.mcud"),
            PackFor(target, DemoFiles.Adapter("accent-lora"), "side", "second.mcud"),
        ];
        string composed = Path.Combine(folder, "composed.mcud");
        Ok("delta", ["delta", "compose", .. parts, "-o", composed, .. Against]);
        byte[] reference = Outputs("reference", composed, "auto");

        Assert.Equal(reference, Attached(place, parts));
        Assert.Equal(reference, Attached(place, composed));
        Assert.Equal(reference, Outputs(place, composed, "auto"));
        Assert.NotEqual(reference, Attached(place, parts[0]));
    }

    [Fact]
    public void An_image_is_packed_again_for_another_kind_of_core_with_the_same_numbers()
    {
        string[] rows = ["--target", "cortex-m0plus"];
        string fromImage = PackFor(rows, PackFor([], DemoFiles.Adapter("factory-lora"), "side", "pairs.mcud"), "auto", "again.mcud");

        Assert.Equal(File.ReadAllBytes(PackFor(rows, DemoFiles.Adapter("factory-lora"), "side", "rows.mcud")), File.ReadAllBytes(fromImage));
    }

    [Fact]
    public void An_image_has_no_float_form()
    {
        ToolRun run = CommandLineTests.InProcess("run", DemoFiles.Base, "--adapter", Packed.Value, "--on", "float", "--input", DemoFiles.FloatSamples(1));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MCU1214", run.Error, StringComparison.Ordinal);
    }

    private static string[] Against => ["--against", DemoFiles.Base, "--calibration", DemoFiles.Calibration];

    private byte[] Outputs(string place, string adapter, string mode)
    {
        string file = Path.Combine(folder, Path.GetRandomFileName());
        ToolRun run = CommandLineTests.InProcess(
            "run", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", adapter, "--adapter-mode", mode, "--on", place, "--input", DemoFiles.FloatSamples(8), "-o", file);
        Assert.True(run.ExitCode == 0, run.Error);
        return File.ReadAllBytes(file);
    }

    /// <summary>Outputs of firmware that loads images at run time.</summary>
    private byte[] Attached(string place, params string[] images)
    {
        string file = Path.Combine(folder, Path.GetRandomFileName());
        string[] deltas = [.. images.SelectMany(i => (string[])["--delta", i])];
        ToolRun run = CommandLineTests.InProcess(
            ["run", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--deltas", "3", "--delta-rank", "16", "--on", place, "--input", DemoFiles.FloatSamples(8), "-o", file, .. deltas]);
        Assert.True(run.ExitCode == 0, run.Error);
        return File.ReadAllBytes(file);
    }

    private string PackFor(string[] target, string adapter, string mode, string name)
    {
        string output = Path.Combine(folder, name);
        Ok("delta", ["delta", "pack", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", adapter, "--adapter-mode", mode, "-o", output, .. target]);
        return output;
    }

    private string Store(string more)
    {
        string json = $$"""{"anchors": [{"kid": "0a01", "algorithm": "ES256", "public_key_file": "public.pem"{{more}}}]}""";
        return Write("trust.json", json);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static string PackOnce(string adapter, string mode, string id) =>
        Pack(Path.Combine(TestFolder.Create("packed"), adapter + ".mcud"), DemoFiles.Adapter(adapter), mode, id);

    private static string Pack(string output, string adapter, string mode, string id)
    {
        Ok("delta", "delta", "pack", DemoFiles.Base, "--calibration", DemoFiles.Calibration, "--adapter", adapter, "--adapter-mode", mode, "--id", id, "-o", output);
        return output;
    }

    private static JsonElement Ok(string? schema, params string[] arguments)
    {
        ToolRun run = CommandLineTests.InProcess([.. arguments, "--json"]);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        if (schema is not null)
        {
            JsonSchema.Load(schema).Check(run.Json());
        }

        return run.Json();
    }

    private static string Failed(params string[] arguments)
    {
        ToolRun run = CommandLineTests.InProcess([.. arguments, "--json"]);
        Assert.Equal(4, run.ExitCode);
        JsonSchema.Load("delta-verify").Check(run.Json());
        return run.Output;
    }
}
