using System.Collections.Concurrent;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Tests.EndToEnd;

/// <summary>A base with several adapters of every kind, bound once, in each mode.</summary>
/// <param name="FloatGraph">Canonical float graph, or null for an int8 base.</param>
/// <param name="Inputs">Int8 samples back to back.</param>
internal sealed record AdaptedModel(Int8Model Base, Graph? FloatGraph, EquatableArray<BoundAdapter> Adapters, byte[] Inputs)
{
    private const int Samples = 5;

    private static readonly ConcurrentDictionary<string, Lazy<AdaptedModel>> Models = new(StringComparer.Ordinal);

    public static AdaptedModel Of(string name)
    {
        // Outside the cache, so that every test is skipped and not only the first.
        string needed = name == "demo" ? "" : "kws01/features.bin";
        if (needed.Length > 0)
        {
            TestData.Shared(needed);
        }

        return Models.GetOrAdd(name, _ => new Lazy<AdaptedModel>(() => name switch { "kws" => Kws(), "demo" => Demo(), _ => KwsInt8() })).Value;
    }

    public Int8Model WithMode(AdapterModeChoice mode) =>
        Adapters.Aggregate(Base, (model, adapter) => Int8AdapterBuilder.Add(model, FloatGraph, adapter, mode));

    private static AdaptedModel Kws()
    {
        CompileResult compiled = CalibratedModel.Kws();
        string[] folders =
        [
            new AdapterFolder(1).Lora("conv_2d_0", [64, 1, 10, 4], 4).Lora("conv_2d_2", [64, 64, 1, 1], 4).Lora("conv_2d_6", [64, 64, 1, 1], 4)
                .Lora("fully_connected_11", [12, 64], 4).Write("lora", ("r", 4), ("lora_alpha", 8)),
            BitFit(),
            new AdapterFolder(3).Lora("conv_2d_4", [64, 64, 1, 1], 3).Saved("fully_connected_11", [12, 64])
                .Write("head", ("r", 3), ("lora_alpha", 3), ("modules_to_save", new[] { "fully_connected_11" })),
            new AdapterFolder(4).Lora("conv_2d_2", [64, 64, 1, 1], 1, rows: [3, 40]).Lora("conv_2d_0", [64, 1, 10, 4], 2, rows: [7])
                .Write("sparse", ("r", 2), ("rank_pattern", new Dictionary<string, int> { ["conv_2d_2"] = 1 }), ("lora_alpha", 2)),
        ];
        return Bind(compiled, TestData.Shared("onnx/mlperf-tiny/kws_fp32.onnx"), folders, LabelledSamples.Kws01());
    }

    private static string BitFit()
    {
        var folder = new AdapterFolder(2);
        string[] modules = ["conv_2d_0", "depthwise_conv_2d_1", "conv_2d_2", "depthwise_conv_2d_3", "conv_2d_4", "depthwise_conv_2d_5", "conv_2d_6", "depthwise_conv_2d_7", "conv_2d_8"];
        return modules.Aggregate(folder, (f, module) => f.Bias(module, 64)).Bias("fully_connected_11", 12).Write("bitfit", ("bias", "all"));
    }

    private static AdaptedModel Demo()
    {
        string[] folders = [.. ((string[])["accent-lora", "factory-lora", "factory-bitfit"]).Select(n => TestData.Repo("tests/demo/adapters/" + n))];
        return Bind(CalibratedModel.Demo(), TestData.Repo("tests/demo/base/kws_demo.onnx"), folders, LabelledSamples.Demo("factory"));
    }

    private static AdaptedModel Bind(CompileResult compiled, string path, string[] folders, LabelledSamples data)
    {
        Graph graph = compiled.Loaded.Canonical;
        LoadedModel loaded = Pipeline.Load(
            new CompileOptions { BasePath = path, Target = Firmware.Target("host"), AdapterPaths = folders }, new());
        Tensor input = compiled.Model.Graph[compiled.Model.Graph.Inputs[0]];
        return new AdaptedModel(compiled.Model, graph, loaded.Adapters, SampleConversion.ToInput(data.Take(120, Samples).Values, data.Scale, input));
    }

    /// <summary>An int8 file whose layers have no names that modules could have: bound by a map.</summary>
    private static AdaptedModel KwsInt8()
    {
        Int8Model model = GoldenModel.Compile("kws", "cortex-m4").Model;
        Node[] layers = [.. model.Graph.Nodes.Where(n => n.Operator is Generator.Operators.Conv2D or Generator.Operators.FullyConnected)];
        string map = Path.Combine(TestFolder.Create("map"), "map.json");
        File.WriteAllText(map, System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["stem"] = layers[0].Name,
            ["block.pointwise"] = layers[1].Name,
            ["classifier"] = layers[^1].Name,
        }));
        string folder = new AdapterFolder(5).Lora("stem", [64, 1, 10, 4], 2, 0.005f).Lora("block.pointwise", [64, 64, 1, 1], 4, 0.02f)
            .Lora("classifier", [12, 64], 3, 0.02f).Write("mapped", ("r", 4), ("rank_pattern", new Dictionary<string, int> { ["stem"] = 2, ["classifier"] = 3 }));
        LoadedModel loaded = Pipeline.Load(
            new CompileOptions { BasePath = TestData.Shared("mlperf-tiny/kws_int8.tflite"), Target = Firmware.Target("host"), AdapterPaths = [folder], AdapterMapPath = map }, new());
        return new AdaptedModel(model, null, loaded.Adapters, LabelledSamples.Kws01().Take(120, Samples).Bytes);
    }
}
