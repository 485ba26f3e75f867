using System.Text.Json;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Tests.Ingest.Peft;

/// <summary>Keys and shapes of DoRA, LoRA bias, (IA)³, SHiRA, LN tuning and batch normalisation, as PEFT's layers define them.</summary>
public class PeftMethodReaderTests
{
    private const string P = "base_model.model.";

    [Theory]
    [InlineData("fc.lora_magnitude_vector", new[] { 3 })]
    [InlineData("fc.lora_magnitude_vector.default", new[] { 3 })]
    [InlineData("fc.lora_magnitude_vector.default.weight", new[] { 3 })]
    [InlineData("fc.lora_magnitude_vector.weight", new[] { 1, 3, 1, 1 })]
    public void Reads_a_magnitude(string key, int[] shape)
    {
        PeftModule module = Assert.Single(Read(PeftFolder.Config(("r", 1), ("use_dora", true)), Lora().Add(P + key, "F32", shape, [1, 2, 3])).Modules);

        Assert.Equal(new AdapterTensor(new Shape(3), [1, 2, 3]), module.Lora!.Magnitude);
    }

    [Fact]
    public void Reads_the_bias_of_lora_B()
    {
        PeftModule module = Assert.Single(Read(PeftFolder.Config(("r", 1), ("lora_bias", true)), Lora().Add(P + "fc.lora_B.bias", "BF16", [3], [1, 2, 3])).Modules);

        Assert.Equal([1f, 2, 3], module.Lora!.OutputBias!.Values);
        Assert.Null(module.Bias);
    }

    [Theory]
    [InlineData("fc", false, new[] { 3, 1 })]
    [InlineData("conv", false, new[] { 1, 3, 1, 1 })]
    [InlineData("net.w0", true, new[] { 1, 3 })]
    [InlineData("net.convw0", true, new[] { 1, 3, 1, 1 })]
    public void Reads_scales_of_outputs_and_of_inputs(string module, bool onInput, int[] shape)
    {
        PeftModule read = Assert.Single(Read(Config("IA3", ("feedforward_modules", new[] { "w0" })), new SafetensorsWriter().Add($"{P}{module}.ia3_l", "F32", shape, [1, 2, 3])).Modules);

        Assert.Equal(onInput, read.Scale!.OnInput);
        Assert.Equal([1f, 2, 3], read.Scale.Factors.Values);
    }

    /// <summary>PEFT matches a text against the whole name, a list against its end.</summary>
    [Theory]
    [InlineData("net.w0", false)]
    [InlineData("w0", true)]
    public void A_pattern_of_feedforward_modules_matches_whole_names(string module, bool onInput)
    {
        var weights = new SafetensorsWriter().Add($"{P}{module}.ia3_l", "F32", onInput ? [1, 2] : [2, 1], [1, 2]);

        Assert.Equal(onInput, Assert.Single(Read(Config("IA3", ("feedforward_modules", "w.")), weights).Modules).Scale!.OnInput);
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("I8")]
    [InlineData("I32")]
    [InlineData("I64")]
    public void Reads_single_differences_whatever_type_their_indices_have(string type)
    {
        PeftModule module = Assert.Single(Read(Config("SHIRA", ("r", 2)), Shira([2], type, [2, 2], [1, 0, 5, 7])).Modules);

        Assert.Equal(2, module.Sparse!.Coordinates);
        Assert.Equal([1, 0, 5, 7], module.Sparse.Indices);
    }

    [Fact]
    public void Reads_layer_normalisations()
    {
        PeftAdapter adapter = Read(
            Config("LN_TUNING", ("modules_to_save", new[] { "head" })),
            new SafetensorsWriter().Add(P + "norm.ln_tuning_layers.weight", "F32", [2], [1, 2]).Add(P + "norm.ln_tuning_layers.bias", "F32", [2], [3, 4])
                .Add(P + "head.weight", "F32", [1, 2], [5, 6]));

        Assert.Equal(["head", "norm"], adapter.Modules.Select(m => m.Module));
        Assert.True(adapter.Modules[1].IsNormalization);
        Assert.Equal([3f, 4], adapter.Modules[1].NewBias!.Values);
    }

    [Fact]
    public void The_whole_state_of_a_batch_normalisation_needs_no_setting_and_its_counter_is_ignored()
    {
        PeftModule module = Assert.Single(Read(
            PeftFolder.Config(),
            new SafetensorsWriter().Add(P + "bn.weight", "F32", [1], [1]).Add(P + "bn.bias", "F32", [1], [2]).Add(P + "bn.running_mean", "F32", [1], [3])
                .Add(P + "bn.running_var", "F32", [1], [4]).Add(P + "bn.num_batches_tracked", "I64", [], [99])).Modules);

        Assert.Equal([3f], module.RunningMean!.Values);
        Assert.Equal([4f], module.RunningVariance!.Values);
        Assert.Equal(4, module.Parameters);
    }

    [Fact]
    public void A_magnitude_without_dora_is_reported_with_what_is_missing()
    {
        Diagnostic error = Refused(PeftFolder.Config(("r", 1)), Lora().Add(P + "fc.lora_magnitude_vector", "F32", [3], [1, 2, 3]));

        Assert.Equal("MCU0430", error.Code);
        Assert.Contains("use_dora", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Dora_and_lora_bias_together_are_refused() =>
        Assert.Equal("MCU0421", Refused(PeftFolder.Config(("r", 1), ("use_dora", true), ("lora_bias", true)), Lora()).Code);

    [Theory]
    [InlineData(new[] { 2 })]
    [InlineData(new[] { 3, 1 })]
    [InlineData(new[] { 3, 1, 1, 1 })]
    public void Refuses_a_magnitude_of_another_shape(int[] shape) => Assert.Equal(
        "MCU0434",
        Refused(PeftFolder.Config(("r", 1), ("use_dora", true)), Lora().Add(P + "fc.lora_magnitude_vector", "F32", shape, new float[shape.Aggregate((a, b) => a * b)])).Code);

    [Theory]
    [InlineData(new[] { 1, 3 })]
    [InlineData(new[] { 3 })]
    [InlineData(new[] { 3, 1, 1, 1 })]
    [InlineData(new[] { 1, 3, 2, 1 })]
    public void Refuses_scales_of_another_shape(int[] shape) =>
        Assert.Equal("MCU0434", Refused(Config("IA3"), new SafetensorsWriter().Add(P + "fc.ia3_l", "F32", shape, new float[shape.Aggregate((a, b) => a * b)])).Code);

    [Theory]
    [InlineData("F32", new[] { 2, 2 }, new[] { 1f, 0, 0.5f, 1 }, "MCU0439")]
    [InlineData("I32", new[] { 2, 2 }, new[] { 1f, -1, 0, 1 }, "MCU0439")]
    [InlineData("I32", new[] { 2, 3 }, new[] { 1f, 1, 0, 1, 1, 1 }, "MCU0434")]
    [InlineData("I32", new[] { 4 }, new[] { 1f, 1, 0, 1 }, "MCU0434")]
    public void Refuses_indices_that_are_none(string type, int[] shape, float[] indices, string code) =>
        Assert.Equal(code, Refused(Config("SHIRA"), Shira([2], type, shape, indices)).Code);

    [Theory]
    [InlineData("fc.shira_weight")]
    [InlineData("fc.lora_A.weight")]
    [InlineData("fc.ia3_l")]
    public void Refuses_half_of_a_change_and_keys_of_another_method(string key)
    {
        string code = Refused(Config("SHIRA"), new SafetensorsWriter().Add(P + key, "F32", [1], [1])).Code;

        Assert.Equal(key.Contains("shira", StringComparison.Ordinal) ? "MCU0431" : "MCU0430", code);
    }

    [Theory]
    [InlineData("IA3", "fc.ia3_l")]
    [InlineData("SHIRA", "fc.shira_weight")]
    [InlineData("LN_TUNING", "fc.ln_tuning_layers.weight")]
    public void Refuses_values_without_a_scale(string type, string key) =>
        Assert.Equal("MCU0433", Refused(Config(type), new SafetensorsWriter().Add(P + key, "I8", [1], [1])).Code);

    [Fact]
    public void Refuses_a_negative_variance() =>
        Assert.Equal("MCU0438", Refused(PeftFolder.Config(), new SafetensorsWriter().Add(P + "bn.running_var", "F32", [1], [-1])).Code);

    [Fact]
    public void A_setting_of_another_type_is_noted()
    {
        var notes = new DiagnosticBag();

        Read(Config("IA3", ("use_dora", true)), new SafetensorsWriter().Add(P + "fc.ia3_l", "F32", [1, 1], [1]), notes);

        Assert.Contains("use_dora", Assert.Single(notes.Items, n => n.Code == "MCU0424").Message, StringComparison.Ordinal);
    }

    private static SafetensorsWriter Lora() => new SafetensorsWriter().Add(P + "fc.lora_A.weight", "F32", [1, 2], [1, 2]).Add(P + "fc.lora_B.weight", "F32", [3, 1], [1, 2, 3]);

    private static SafetensorsWriter Shira(int[] shape, string type, int[] indexShape, float[] indices) =>
        new SafetensorsWriter().Add(P + "fc.shira_weight", "F32", shape, new float[shape[0]]).Add(P + "fc.shira_indices", type, indexShape, indices);

    private static string Config(string type, params (string Key, object? Value)[] entries) =>
        JsonSerializer.Serialize(entries.Append(("peft_type", type)).ToDictionary(e => e.Item1, e => e.Item2));

    private static PeftAdapter Read(string config, SafetensorsWriter weights, DiagnosticBag? notes = null) =>
        PeftReader.Read("test", System.Text.Encoding.UTF8.GetBytes(config), weights.ToBytes(), notes ?? new DiagnosticBag());

    private static Diagnostic Refused(string config, SafetensorsWriter weights) =>
        Assert.Throws<DiagnosticException>(() => Read(config, weights)).Diagnostic;
}
