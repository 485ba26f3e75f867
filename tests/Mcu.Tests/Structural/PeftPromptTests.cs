using System.Text.Json;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Structural;
using Mcu.Generator.Verification;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest.Peft;

namespace Mcu.Tests.Structural;

/// <summary>Folders of PEFT's prompt learning types: PROMPT_TUNING, P_TUNING and PREFIX_TUNING.</summary>
public sealed class PeftPromptTests
{
    private const string Tensor = "prompt_embeddings";

    [Theory]
    [InlineData("prefix", "PREFIX_TUNING", false)]
    [InlineData("prefix", "PREFIX_TUNING", true)]
    [InlineData("prompt", "PROMPT_TUNING", true)]
    [InlineData("prompt", "P_TUNING", true)]
    public void Float_result_equals_the_network_with_the_adapter_written_out(string method, string type, bool map)
    {
        LoadedModel loaded = CctLoaded(method, type, map);
        StructuralFloatTests.Check(loaded, CctAdapters.Base(), CctAdapters.Of(method).Into(CctAdapters.Base()), CctAdapters.Images(100, 4));
    }

    [Theory]
    [InlineData("prefix", "PREFIX_TUNING")]
    [InlineData("prompt", "PROMPT_TUNING")]
    public void So_does_that_of_a_network_without_files(string method, string type)
    {
        (string folder, string place) = TinyFolder(method, type);
        LoadedModel loaded = Pipeline.Load(TinyTransformer.Options(folder) with { AdapterMapPath = MapOf(method, place) }, new DiagnosticBag());
        StructuralFloatTests.Check(loaded, TinyTransformer.Model(), TinyTransformer.Of(method).Into(TinyTransformer.Model()), TinyTransformer.Samples(100, 6));
    }

    [Theory]
    [InlineData("prefix", "PREFIX_TUNING")]
    [InlineData("prompt", "PROMPT_TUNING")]
    public async Task Firmware_equals_the_reference(string method, string type)
    {
        (string folder, string place) = TinyFolder(method, type);
        CompileResult compiled = Firmware.Compile(TinyTransformer.Options(folder) with { AdapterMapPath = MapOf(method, place) });
        byte[] inputs = [.. TinyTransformer.Samples(50, 8).SelectMany(s => System.Runtime.InteropServices.MemoryMarshal.AsBytes<sbyte>(Int8Samples.Quantize(s, compiled.Model.Graph["x"]).Int8).ToArray())];
        CancellationToken token = TestContext.Current.CancellationToken;
        byte[] actual = (await (await Firmware.RunnerAsync(compiled.Model, "cortex-m4", "tiny")).RunAsync(inputs, 1, token)).Outputs;

        Assert.Equal((await new ReferenceRunner(compiled.Model).RunAsync(inputs, 1, token)).Outputs, actual);
        Assert.NotEqual((await new ReferenceRunner(compiled.Model).RunAsync(inputs, 0, token)).Outputs, actual);
    }

    /// <summary><c>get_prompt</c>: view [p, layers·2, heads, d/heads], then by layer a key and a value.</summary>
    [Fact]
    public void Prefixes_lie_by_token_layer_and_key_before_value()
    {
        const int tokens = 2, layers = 3, heads = 2, depth = 4;
        float[] values = [.. Enumerable.Range(0, tokens * layers * 2 * depth).Select(i => (float)i)];

        EquatableArray<StructuralPart> parts = Read(Config("PREFIX_TUNING", tokens, depth, layers, heads), new SafetensorsWriter().Add(Tensor, "F32", [tokens, layers * 2 * depth], values)).Structure;

        for (int layer = 0; layer < layers; layer++)
        {
            var part = Assert.IsType<PrefixPart>(parts[layer]);
            Assert.Equal($"{Tensor}.{layer}", part.Place);
            for (int p = 0; p < tokens; p++)
            {
                for (int d = 0; d < depth; d++)
                {
                    Assert.Equal((((((p * layers) + layer) * 2) + 0) * depth) + d, part.Key.Values[(p * depth) + d]);
                    Assert.Equal((((((p * layers) + layer) * 2) + 1) * depth) + d, part.Value.Values[(p * depth) + d]);
                }
            }
        }
    }

    [Fact]
    public void A_saved_head_beside_a_prompt_is_bound_as_usual()
    {
        PeftAdapter adapter = Read(
            Config("PROMPT_TUNING", 2, 4, 1, 1, ("modules_to_save", new[] { "head" })),
            new SafetensorsWriter().Add(Tensor, "F32", [2, 4], new float[8]).Add("base_model.head.weight", "F32", [3, 4], new float[12]).Add("base_model.head.bias", "F32", [3], new float[3]));

        Assert.Single(adapter.Structure);
        Assert.Equal("head", Assert.Single(adapter.Modules).Module);
    }

    [Theory]
    [InlineData("missing", "MCU0434")]
    [InlineData("shape", "MCU0434")]
    [InlineData("type", "MCU0433")]
    [InlineData("nan", "MCU0416")]
    [InlineData("more", "MCU0430")]
    [InlineData("encoder and decoder", "MCU0421")]
    [InlineData("no tokens", "MCU0422")]
    [InlineData("heads", "MCU0422")]
    public void What_does_not_fit_the_configuration_is_refused(string what, string code)
    {
        string type = what == "heads" ? "PREFIX_TUNING" : "PROMPT_TUNING";
        string config = what switch
        {
            "encoder and decoder" => Config(type, 2, 4, 1, 1, ("num_transformer_submodules", 2)),
            "no tokens" => Config(type, 0, 4, 1, 1),
            "heads" => Config(type, 2, 4, 1, 3),
            _ => Config(type, 2, 4, 1, 1),
        };
        var tensors = new SafetensorsWriter();
        if (what != "missing")
        {
            tensors.Add(Tensor, what == "type" ? "I32" : "F32", what == "shape" ? [4, 2] : [2, 4], Enumerable.Repeat(what == "nan" ? float.NaN : 1, 8));
        }

        if (what is "missing" or "more")
        {
            tensors.Add("base_model.model.q.lora_A.weight", "F32", [1, 4], new float[4]);
        }

        Assert.Equal(code, Assert.Throws<DiagnosticException>(() => Read(config, tensors)).Diagnostic.Code);
    }

    [Fact]
    public void A_prompt_without_a_place_says_how_to_name_one()
    {
        (string folder, _) = TinyFolder("prompt", "PROMPT_TUNING");

        DiagnosticException error = Assert.Throws<DiagnosticException>(() => Pipeline.Load(TinyTransformer.Options(folder), new DiagnosticBag()));

        Assert.Equal("MCU0446", error.Diagnostic.Code);
        Assert.Contains("--adapter-map", error.Diagnostic.Hint, StringComparison.Ordinal);
    }

    private static PeftAdapter Read(string config, SafetensorsWriter tensors) =>
        PeftReader.Read("a", System.Text.Encoding.UTF8.GetBytes(config), tensors.ToBytes(), new DiagnosticBag());

    private static LoadedModel CctLoaded(string method, string type, bool map)
    {
        (string folder, string place) = Folder(CctAdapters.Of(method).Write(method), type, 1);
        return Pipeline.Load(CctAdapters.Options(folder) with { AdapterMapPath = map ? MapOf(method, place) : null }, new DiagnosticBag());
    }

    private static (string Folder, string Place) TinyFolder(string method, string type) => Folder(TinyTransformer.Of(method).Write(method), type, 2);

    /// <summary>The arrays of an archive as PEFT would save them, and the place that the archive names.</summary>
    private static (string Folder, string Place) Folder(string archive, string type, int heads)
    {
        StructuralPart part = NumpyAdapterReader.Read(File.ReadAllBytes(archive), archive).Structure.Single();
        (int tokens, int depth, int columns, float[] values) = part switch
        {
            PrefixPart p => (p.Key.Shape[0], p.Key.Shape[1], 2 * p.Key.Shape[1], Enumerable.Range(0, p.Key.Shape[0]).SelectMany(row => Row(p.Key, row).Concat(Row(p.Value, row))).ToArray()),
            _ => (((PromptPart)part).Tokens.Shape[0], ((PromptPart)part).Tokens.Shape[1], ((PromptPart)part).Tokens.Shape[1], ((PromptPart)part).Tokens.Values.ToArray()),
        };
        string folder = Path.Combine(TestFolder.Create("prompt"), "prompt");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), Config(type, tokens, depth, 1, heads));
        File.WriteAllBytes(Path.Combine(folder, "adapter_model.safetensors"), new SafetensorsWriter().Add(Tensor, "F32", [tokens, columns], values).ToBytes());
        return (folder, part.Place);
    }

    private static IEnumerable<float> Row(AdapterTensor tensor, int row) => Enumerable.Range(0, tensor.Shape[1]).Select(i => tensor.Values[(row * tensor.Shape[1]) + i]);

    private static string MapOf(string method, string place)
    {
        string path = Path.Combine(TestFolder.Create("map"), "map.json");
        File.WriteAllText(path, JsonSerializer.Serialize(new Dictionary<string, string> { [method == "prefix" ? Tensor + ".0" : Tensor] = place }));
        return path;
    }

    /// <summary>Every key that PEFT 0.17 writes for a prompt, and the given ones replaced or added.</summary>
    private static string Config(string type, int tokens, int depth, int layers, int heads, params (string Key, object? Value)[] changes)
    {
        var config = new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = "base",
            ["inference_mode"] = true,
            ["num_attention_heads"] = heads,
            ["num_layers"] = layers,
            ["num_transformer_submodules"] = 1,
            ["num_virtual_tokens"] = tokens,
            ["peft_type"] = type,
            ["revision"] = null,
            ["task_type"] = "SEQ_CLS",
            ["token_dim"] = depth,
        };
        foreach ((string key, object? value) in type switch
        {
            "PREFIX_TUNING" => [("encoder_hidden_size", 8), ("prefix_projection", true)],
            "P_TUNING" => [("encoder_dropout", 0.1), ("encoder_hidden_size", 8), ("encoder_num_layers", 2), ("encoder_reparameterization_type", "MLP")],
            _ => new (string, object?)[] { ("prompt_tuning_init", "RANDOM"), ("prompt_tuning_init_text", null), ("tokenizer_kwargs", null), ("tokenizer_name_or_path", null) },
        })
        {
            config[key] = value;
        }

        foreach ((string key, object? value) in changes)
        {
            config[key] = value;
        }

        return JsonSerializer.Serialize(config);
    }
}
