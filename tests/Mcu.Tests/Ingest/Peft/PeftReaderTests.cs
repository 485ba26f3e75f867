using System.Security.Cryptography;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Tests.Ingest.Peft;

/// <summary>Key forms and settings as documented for PEFT's LoRA and its checkpoint format.</summary>
public class PeftReaderTests
{
    private const string P = "base_model.model.";

    [Fact]
    public void Reads_lora_of_linear_and_convolution()
    {
        PeftAdapter adapter = Read(
            PeftFolder.Config(("r", 2), ("lora_alpha", 6)),
            new SafetensorsWriter()
                .Add(P + "head.fc.lora_A.weight", "F32", [2, 3], [1, 2, 3, 4, 5, 6])
                .Add(P + "head.fc.lora_B.weight", "F32", [1, 2], [7, 8])
                .Add(P + "conv.lora_A.weight", "F32", [2, 1, 1, 2], [1, 2, 3, 4])
                .Add(P + "conv.lora_B.weight", "F32", [1, 2, 1, 1], [5, 6]));

        Assert.Equal(["conv", "head.fc"], adapter.Modules.Select(m => m.Module));
        LoraFactors fc = adapter.Modules[1].Lora!;
        Assert.Equal(3.0, fc.Scale);
        Assert.Equal(2, fc.Rank);
        Assert.Equal(new AdapterTensor(new Shape(2, 3), [1, 2, 3, 4, 5, 6]), fc.A);
        Assert.Equal(new AdapterTensor(new Shape(1, 2), [7, 8]), fc.B);
        Assert.Equal(new Shape(2, 1, 1, 2), adapter.Modules[0].Lora!.A.Shape);
        Assert.All(adapter.Modules, m => Assert.True(m.Bias is null && m.SavedWeight is null && m.SavedBias is null && !m.FanInFanOut));
    }

    [Fact]
    public void Reads_keys_that_hold_the_adapter_name()
    {
        PeftAdapter adapter = Read(
            PeftFolder.Config(("r", 1), ("modules_to_save", new[] { "head" })),
            new SafetensorsWriter()
                .Add(P + "fc.lora_A.default.weight", "F32", [1, 1], [1])
                .Add(P + "fc.lora_B.default.weight", "F32", [1, 1], [2])
                .Add(P + "head.modules_to_save.default.weight", "F32", [1, 1], [3])
                .Add(P + "head.original_module.weight", "F32", [1, 1], [4]));

        Assert.Equal([2f], adapter.Modules[0].Lora!.B.Values);
        Assert.Equal("head", adapter.Modules[1].Module);
        Assert.Equal([3f], adapter.Modules[1].SavedWeight!.Values);
    }

    [Theory]
    [InlineData(false, 8.0)]
    [InlineData(true, 16.0)]
    public void Patterns_override_rank_and_alpha_and_rslora_takes_the_root(bool rslora, double expected)
    {
        // alpha 32 by pattern over rank 4 by pattern: 32/4, or 32/sqrt(4).
        string config = PeftFolder.Config(
            ("r", 2),
            ("lora_alpha", 1),
            ("use_rslora", rslora),
            ("rank_pattern", new Dictionary<string, int> { ["c.*"] = 1, ["fc"] = 4 }),
            ("alpha_pattern", new Dictionary<string, double> { ["^net.fc"] = 32 }));

        PeftAdapter adapter = Read(config, Lora("net.fc", 4));

        Assert.Equal(expected, Assert.Single(adapter.Modules).Lora!.Scale);
    }

    [Fact]
    public void Bias_all_reads_wrapped_and_plain_layers()
    {
        PeftAdapter adapter = Read(
            PeftFolder.Config(("r", 1), ("bias", "all")),
            Lora("fc", 1).Add(P + "fc.base_layer.bias", "F32", [1], [5]).Add(P + "dw.bias", "F32", [2], [6, 7]));

        Assert.Equal([6f, 7f], adapter.Modules[0].Bias!.Values);
        Assert.Null(adapter.Modules[0].Lora);
        Assert.Equal([5f], adapter.Modules[1].Bias!.Values);
        Assert.NotNull(adapter.Modules[1].Lora);
    }

    [Theory]
    [InlineData("fc.base_layer.bias")]
    [InlineData("fc.bias")]
    public void Bias_lora_only_reads_the_adapted_layer(string key)
    {
        PeftAdapter adapter = Read(PeftFolder.Config(("r", 1), ("bias", "lora_only")), Lora("fc", 1).Add(P + key, "F32", [1], [5]));

        Assert.Equal([5f], Assert.Single(adapter.Modules).Bias!.Values);
    }

    [Fact]
    public void Bitfit_is_bias_all_without_lora()
    {
        PeftAdapter adapter = Read(PeftFolder.Config(("bias", "all")), new SafetensorsWriter().Add(P + "a.conv.bias", "F16", [2], [1, -2]));

        PeftModule module = Assert.Single(adapter.Modules);
        Assert.Equal("a.conv", module.Module);
        Assert.Equal([1f, -2f], module.NewBias!.Values);
    }

    [Fact]
    public void Modules_to_save_come_under_plain_names_and_the_unused_base_bias_is_ignored()
    {
        PeftAdapter adapter = Read(
            PeftFolder.Config(("bias", "all"), ("modules_to_save", new[] { "head" })),
            new SafetensorsWriter()
                .Add(P + "head.weight", "F32", [1, 2], [1, 2])
                .Add(P + "head.bias", "F32", [1], [3])
                .Add(P + "head.original_module.bias", "F32", [1], [99])
                .Add(P + "head.modules_to_save.bias", "F32", [1], [3]));

        PeftModule module = Assert.Single(adapter.Modules);
        Assert.Equal("head", module.Module);
        Assert.Equal([1f, 2f], module.SavedWeight!.Values);
        Assert.Equal([3f], module.SavedBias!.Values);
        Assert.Null(module.Bias);
    }

    [Fact]
    public void A_saved_container_saves_the_layers_in_it()
    {
        PeftAdapter adapter = Read(
            PeftFolder.Config(("bias", "all"), ("modules_to_save", new[] { "classifier" })),
            new SafetensorsWriter()
                .Add(P + "classifier.0.weight", "F32", [1, 1], [1])
                .Add(P + "classifier.0.bias", "F32", [1], [2])
                .Add(P + "classifier.original_module.0.bias", "F32", [1], [9])
                .Add(P + "classifier.modules_to_save.default.0.bias", "F32", [1], [2]));

        PeftModule module = Assert.Single(adapter.Modules);
        Assert.Equal("classifier.0", module.Module);
        Assert.Equal([2f], module.SavedBias!.Values);
    }

    [Fact]
    public void Fan_in_fan_out_is_told_and_leaves_the_factors_alone()
    {
        PeftModule module = Assert.Single(Read(PeftFolder.Config(("r", 2), ("fan_in_fan_out", true)), Lora("fc", 2)).Modules);

        Assert.True(module.FanInFanOut);
        Assert.Equal(new Shape(2, 1), module.Lora!.A.Shape);
    }

    [Fact]
    public void Names_the_folder_and_hashes_both_files()
    {
        string config = PeftFolder.Config(("r", 1));
        byte[] weights = Lora("fc", 1).ToBytes();
        using var folder = new PeftFolder(config, weights);

        PeftAdapter adapter = PeftReader.ReadFolder(folder.Path + Path.DirectorySeparatorChar, new DiagnosticBag());

        Assert.Equal(Path.GetFileName(folder.Path), adapter.Name);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([.. System.Text.Encoding.UTF8.GetBytes(config), .. weights])), adapter.Sha256);
    }

    [Theory]
    [InlineData("peft_type", "LOHA", "MCU0420")]
    [InlineData("peft_type", "lora", "MCU0420")]
    [InlineData("peft_type", null, "MCU0420")]
    [InlineData("use_dora", true, "MCU0431")]
    [InlineData("use_dora", "yes", "MCU0422")]
    [InlineData("lora_bias", true, "MCU0431")]
    [InlineData("use_qalora", true, "MCU0421")]
    [InlineData("target_parameters", new[] { "w" }, "MCU0421")]
    [InlineData("layer_replication", new[] { 0, 4 }, "MCU0421")]
    [InlineData("trainable_token_indices", new[] { 1 }, "MCU0421")]
    [InlineData("r", 0, "MCU0422")]
    [InlineData("r", "4", "MCU0422")]
    [InlineData("r", 4.5, "MCU0422")]
    [InlineData("lora_alpha", "8", "MCU0422")]
    [InlineData("use_rslora", 1, "MCU0422")]
    [InlineData("bias", "some", "MCU0422")]
    [InlineData("modules_to_save", "head", "MCU0422")]
    [InlineData("rank_pattern", 3, "MCU0422")]
    public void Refuses_settings(string key, object? value, string code) =>
        Assert.Equal(code, Refused(PeftFolder.Config((key, value)), Lora("fc", 4)).Code);

    [Fact]
    public void The_refusal_names_the_type() =>
        Assert.Contains("LOHA", Refused(PeftFolder.Config(("peft_type", "LOHA")), Lora("fc", 4)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"peft_type":"LORA","r":4,"r":2}""")]
    [InlineData("""{"peft_type":"LORA","lora_alpha":NaN}""")]
    [InlineData("{\"peft_type\":\"LORA\"}}")]
    [InlineData("[]")]
    [InlineData("")]
    public void Refuses_json_that_is_not_strict(string config) =>
        Assert.Equal("MCU0403", Refused(config, Lora("fc", 4)).Code);

    [Fact]
    public void Refuses_a_configuration_nested_100000_deep() =>
        Assert.Equal("MCU0403", Refused($$"""{"peft_type":{{new string('[', 100_000) + new string(']', 100_000)}} }""", Lora("fc", 4)).Code);

    [Fact]
    public void An_unknown_setting_is_noted_and_a_known_one_is_not()
    {
        var notes = new DiagnosticBag();

        Read(PeftFolder.Config(("r", 1), ("brand_new", 7), ("new_and_off", null)), Lora("fc", 1), notes);

        Diagnostic note = Assert.Single(notes.Items);
        Assert.Equal("MCU0424", note.Code);
        Assert.Contains("brand_new", note.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pissa_niter_4", 1)]
    [InlineData("gaussian", 0)]
    public void An_initialisation_that_changes_the_base_is_a_warning(string init, int warnings)
    {
        var notes = new DiagnosticBag();

        Read(PeftFolder.Config(("r", 1), ("init_lora_weights", init)), Lora("fc", 1), notes);

        Assert.Equal(warnings, notes.Items.Count(n => n.Code == "MCU0425"));
    }

    [Theory]
    [InlineData("fc.lora_magnitude_vector", "DoRA")]
    [InlineData("fc.base_layer.weight", "")]
    [InlineData("fc.bias", "")]
    [InlineData("fc.weight", "")]
    [InlineData("fc.lora_B.bias", "")]
    [InlineData("fc.lora_embedding_A", "")]
    [InlineData("bn.running_maximum", "")]
    [InlineData("x", "")]
    public void Every_unused_key_is_reported(string key, string hint)
    {
        Diagnostic error = Refused(PeftFolder.Config(("r", 1)), Lora("fc", 1).Add(P + key, "F32", [1], [1]));

        Assert.Equal("MCU0430", error.Code);
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
        Assert.Contains(hint, error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_without_the_prefix_of_the_others_is_reported() =>
        Assert.Equal("MCU0430", Refused(PeftFolder.Config(("r", 1), ("bias", "all")), Lora("fc", 1).Add("y.bias", "F32", [1], [1])).Code);

    [Fact]
    public void Refuses_half_a_pair()
    {
        Diagnostic error = Refused(PeftFolder.Config(("r", 1)), new SafetensorsWriter().Add(P + "fc.lora_A.weight", "F32", [1, 1], [1]));

        Assert.Equal("MCU0431", error.Code);
        Assert.Contains("'fc'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 2, 3 }, new[] { 3, 2 }, "MCU0432")]
    [InlineData(new[] { 4, 3 }, new[] { 3, 2 }, "MCU0432")]
    [InlineData(new[] { 4, 3, 1, 1 }, new[] { 3, 3, 1, 1 }, "MCU0432")]
    [InlineData(new[] { 4, 3, 1 }, new[] { 3, 4, 1 }, "MCU0434")]
    [InlineData(new[] { 4, 3, 3, 3 }, new[] { 3, 4, 3, 3 }, "MCU0434")]
    [InlineData(new[] { 4, 3 }, new[] { 3, 4, 1, 1 }, "MCU0434")]
    [InlineData(new[] { 4, 0 }, new[] { 3, 4 }, "MCU0434")]
    [InlineData(new int[0], new[] { 3, 4 }, "MCU0434")]
    public void Refuses_factors_that_do_not_fit(int[] a, int[] b, string code)
    {
        SafetensorsWriter weights = new SafetensorsWriter()
            .Add(P + "fc.lora_A.weight", "F32", a, new float[a.Aggregate(1, (x, y) => x * y)])
            .Add(P + "fc.lora_B.weight", "F32", b, new float[b.Aggregate(1, (x, y) => x * y)]);

        Assert.Equal(code, Refused(PeftFolder.Config(("r", 4)), weights).Code);
    }

    [Fact]
    public void Refuses_integers_as_weights() =>
        Assert.Equal("MCU0433", Refused(PeftFolder.Config(("bias", "all")), new SafetensorsWriter().Add(P + "a.bias", "I8", [2], [1, 2])).Code);

    [Fact]
    public void Refuses_an_adapter_without_tensors() =>
        Assert.Equal("MCU0435", Refused(PeftFolder.Config(), new SafetensorsWriter()).Code);

    [Fact]
    public void Refuses_two_values_of_one_tensor()
    {
        SafetensorsWriter weights = new SafetensorsWriter()
            .Add(P + "head.weight", "F32", [1, 1], [1])
            .Add(P + "head.bias", "F32", [1], [3])
            .Add(P + "head.modules_to_save.bias", "F32", [1], [4]);

        Assert.Equal("MCU0436", Refused(PeftFolder.Config(("modules_to_save", new[] { "head" })), weights).Code);
    }

    [Fact]
    public void Refuses_two_adapters_in_one_file()
    {
        SafetensorsWriter weights = new SafetensorsWriter()
            .Add(P + "a.lora_A.first.weight", "F32", [1, 1], [1])
            .Add(P + "a.lora_B.second.weight", "F32", [1, 1], [1]);

        Assert.Equal("MCU0436", Refused(PeftFolder.Config(("r", 1)), weights).Code);
    }

    [Fact]
    public void A_saved_module_without_tensors_is_a_warning_and_a_bias_alone_an_error()
    {
        var notes = new DiagnosticBag();
        Read(PeftFolder.Config(("r", 1), ("modules_to_save", new[] { "classifier", "score" })), Lora("fc", 1), notes);
        Assert.Equal("MCU0426", Assert.Single(notes.Items).Code);

        SafetensorsWriter half = new SafetensorsWriter().Add(P + "head.bias", "F32", [1], [3]);
        Assert.Equal("MCU0437", Refused(PeftFolder.Config(("modules_to_save", new[] { "head" })), half).Code);
    }

    [Fact]
    public void Says_how_to_save_safetensors_when_only_a_pickle_is_there()
    {
        using var folder = new PeftFolder(PeftFolder.Config(), []);
        File.Move(Path.Combine(folder.Path, "adapter_model.safetensors"), Path.Combine(folder.Path, "adapter_model.bin"));

        DiagnosticException error = Assert.Throws<DiagnosticException>(() => PeftReader.ReadFolder(folder.Path, new DiagnosticBag()));

        Assert.Equal("MCU0402", error.Diagnostic.Code);
        Assert.Contains("safe_serialization=True", error.Diagnostic.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("adapter_model.safetensors")]
    [InlineData("adapter_config.json")]
    public void Says_what_is_missing(string file)
    {
        using var folder = new PeftFolder(PeftFolder.Config(), []);
        File.Delete(Path.Combine(folder.Path, file));

        DiagnosticException error = Assert.Throws<DiagnosticException>(() => PeftReader.ReadFolder(folder.Path, new DiagnosticBag()));

        Assert.Equal("MCU0401", error.Diagnostic.Code);
        Assert.Contains(file, error.Diagnostic.Message, StringComparison.Ordinal);
        Assert.Throws<DiagnosticException>(() => PeftReader.ReadFolder(folder.Path + "-missing", new DiagnosticBag()));
    }

    private static SafetensorsWriter Lora(string module, int rank) => new SafetensorsWriter()
        .Add($"{P}{module}.lora_A.weight", "F32", [rank, 1], Enumerable.Repeat(0.5f, rank))
        .Add($"{P}{module}.lora_B.weight", "F32", [1, rank], Enumerable.Repeat(0.25f, rank));

    private static PeftAdapter Read(string config, SafetensorsWriter weights, DiagnosticBag? notes = null) =>
        PeftReader.Read("test", System.Text.Encoding.UTF8.GetBytes(config), weights.ToBytes(), notes ?? new DiagnosticBag());

    private static Diagnostic Refused(string config, SafetensorsWriter weights) =>
        Assert.Throws<DiagnosticException>(() => Read(config, weights)).Diagnostic;
}
