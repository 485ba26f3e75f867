using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest.Peft;

namespace Mcu.Tests.Adapters;

/// <summary>
/// One adapter of a compact convolutional transformer as PEFT writes it, and the same written out into the ONNX file by plain formulas,
/// without any code of the compiler. Layers of the file have exporters' names, so a map says which module is which.
/// </summary>
internal sealed class CctCase(string name, int seed)
{
    private const string P = "base_model.model.";
    private readonly Random random = new(seed);
    private readonly SafetensorsWriter writer = new();
    private readonly Dictionary<string, string> map = new(StringComparer.Ordinal);
    private string config = "{}";

    public static IReadOnlyList<string> Names { get; } = ["norms", "gamma-or-beta", "large-gamma", "lora-and-norm", "lora", "dora"];

    public static string Path => TestData.Shared("onnx/cct_16_8/network.onnx");

    public ModelProto Adapted { get; } = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path));

    public static CctCase Of(string name) => name switch
    {
        "norms" => new CctCase(name, 31).LayerNormTuning().Norm("first", "LayerNorm_0").Norm("middle", "LayerNorm_1").Norm("last", "LayerNorm_2"),
        "gamma-or-beta" => new CctCase(name, 32).LayerNormTuning().Norm("first", "LayerNorm_0", gamma: false).Norm("last", "LayerNorm_2", beta: false, factor: 0.7f),
        "large-gamma" => new CctCase(name, 33).LayerNormTuning().Norm("last", "LayerNorm_2", factor: 4),
        "lora-and-norm" => new CctCase(name, 34).Lora(("modules_to_save", new[] { "middle" })).Saved("middle", "LayerNorm_1").Factors("up", "onnx__MatMul_154").Factors("value", "onnx__MatMul_152"),
        "lora" => new CctCase(name, 35).Lora().Factors("query", "onnx__MatMul_147").Factors("key", "onnx__MatMul_151").Factors("down", "onnx__MatMul_155", 0.3f).Factors("head", "classifier_fc_weight", 0.05f),
        "dora" => new CctCase(name, 36).Lora(("use_dora", true)).Factors("query", "onnx__MatMul_147", dora: true).Factors("value", "onnx__MatMul_152", dora: true).Factors("up", "onnx__MatMul_154", dora: true).Factors("head", "classifier_fc_weight", dora: true),
        _ => throw new ArgumentException(name, nameof(name)),
    };

    /// <summary>The base and the adapters, bound with one map.</summary>
    public static LoadedModel Load(params CctCase[] cases)
    {
        string folder = TestFolder.Create("cct");
        string mapFile = System.IO.Path.Combine(folder, "map.json");
        File.WriteAllText(mapFile, JsonSerializer.Serialize(cases.SelectMany(c => c.map).DistinctBy(m => m.Key).ToDictionary()));
        return Pipeline.Load(new CompileOptions { BasePath = Path, Target = Firmware.Target("host"), AdapterPaths = [.. cases.Select(c => c.Write(folder))], AdapterMapPath = mapFile }, new DiagnosticBag());
    }

    private string Write(string root)
    {
        string folder = System.IO.Path.Combine(root, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(System.IO.Path.Combine(folder, "adapter_config.json"), config);
        File.WriteAllBytes(System.IO.Path.Combine(folder, "adapter_model.safetensors"), writer.ToBytes());
        return folder;
    }

    private CctCase LayerNormTuning()
    {
        config = """{"peft_type":"LN_TUNING"}""";
        return this;
    }

    private CctCase Lora(params (string Key, object? Value)[] entries)
    {
        config = PeftFolder.Config([("r", 2), ("lora_alpha", 4), .. entries]);
        return this;
    }

    /// <summary>Another gamma and beta of one node, or one of them, as PEFT stores always both; the file's three nodes share theirs.</summary>
    private CctCase Norm(string module, string node, bool gamma = true, bool beta = true, float factor = 1) =>
        Normalisation(module + ".ln_tuning_layers", module, node, gamma, beta, factor);

    private CctCase Saved(string module, string node) => Normalisation(module, module, node, true, true, 1);

    private CctCase Normalisation(string key, string module, string node, bool gamma, bool beta, float factor)
    {
        map[module] = node;
        NodeProto of = Adapted.Graph.Node.Single(n => n.Name == node);
        float[] oldGamma = OnnxAdapterMerge.ValuesOf(Adapted, of.Input[1]);
        float[] oldBeta = OnnxAdapterMerge.ValuesOf(Adapted, of.Input[2]);
        of.Input[1] = Add(key + ".weight", [oldGamma.Length], [.. oldGamma.Select(v => gamma ? factor * (v + (0.6f * (random.NextSingle() - 0.5f))) : v)], node + "_gamma");
        of.Input[2] = Add(key + ".bias", [oldBeta.Length], [.. oldBeta.Select(v => beta ? v + (0.4f * (random.NextSingle() - 0.5f)) : v)], node + "_beta");
        return this;
    }

    /// <summary>W ← W + 2·B·A of a matrix <c>[in,out]</c> or, for the head, <c>[out,in]</c>; with DoRA W ← m/‖W‖ per output afterwards.</summary>
    private CctCase Factors(string module, string initializer, float size = 0.1f, bool dora = false)
    {
        map[module] = initializer;
        const int rank = 2;
        int[] shape = OnnxAdapterMerge.Shape(Adapted, initializer);
        bool rows = initializer.EndsWith("_weight", StringComparison.Ordinal);
        (int outputs, int inputs) = rows ? (shape[0], shape[1]) : (shape[1], shape[0]);
        float[] a = Add($"{module}.lora_A.weight", [rank, inputs], Values(rank * inputs, 0.5f));
        float[] b = Add($"{module}.lora_B.weight", [outputs, rank], Values(outputs * rank, size));
        OnnxAdapterMerge.AddLora(Adapted, initializer, a, b, rank, 2, transposed: !rows);
        if (dora)
        {
            float[] weights = OnnxAdapterMerge.ValuesOf(Adapted, initializer);
            int outputOf(int i) => rows ? i / inputs : i % outputs;
            double[] norms = [.. Enumerable.Range(0, outputs).Select(o => Math.Sqrt(weights.Where((_, i) => outputOf(i) == o).Sum(w => (double)w * w)))];
            float[] magnitude = Add($"{module}.lora_magnitude_vector", [outputs], [.. norms.Select(n => (float)(n * (0.9 + (0.2 * random.NextDouble()))))]);
            OnnxAdapterMerge.Replace(Adapted, initializer, [.. weights.Select((w, i) => (float)(w * magnitude[outputOf(i)] / norms[outputOf(i)]))]);
        }

        return this;
    }

    private float[] Values(int count, float range) => [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * range)];

    private float[] Add(string key, int[] shape, float[] values)
    {
        writer.Add(P + key, "F32", shape, values);
        return values;
    }

    /// <summary>Also as a new initializer of the written-out graph; returns its name.</summary>
    private string Add(string key, int[] shape, float[] values, string initializer)
    {
        Add(key, shape, values);
        Adapted.Graph.Initializer.Add(new TensorProto { Name = initializer, DataType = 1, Dims = { shape[0] }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)) });
        return initializer;
    }
}
