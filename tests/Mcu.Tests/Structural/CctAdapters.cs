using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest.Numpy;

namespace Mcu.Tests.Structural;

/// <summary>Adapters of every structural method on the small compact convolutional transformer, with seeded weights of usual size.</summary>
internal static class CctAdapters
{
    private const string AttentionOutput = "node_80_classifier_blocks_0_self_attn_proj_Add";
    private const string FeedForwardOutput = "node_104_classifier_blocks_0_linear2_Add";
    private const string Softmax = "node_71_classifier_blocks_0_self_attn_Softmax";
    private const int Depth = 8;
    private const int Tokens = 64;

    public static readonly string[] Names = ["houlsby", "pfeiffer", "parallel", "prefix", "prompt", "together"];

    public static string BasePath => TestData.Shared("onnx/cct_16_8/network.onnx");

    public static SeededAdapter Of(string name) => name switch
    {
        "houlsby" => Houlsby(new SeededAdapter(1)),
        "pfeiffer" => Pfeiffer(new SeededAdapter(2)),
        "parallel" => new SeededAdapter(3).Parallel($"LayerNorm_1->{FeedForwardOutput}", OutputOf("LayerNorm_1"), OutputOf(FeedForwardOutput), Depth, 4, 0.5f),
        "prefix" => Prefix(new SeededAdapter(4), 5, false),
        "prompt" => Prompt(new SeededAdapter(5), 4),
        _ => Prefix(Prompt(Houlsby(new SeededAdapter(6)), 3), 2, true),
    };

    /// <summary>Without the shapes of inner tensors that the file notes (a field that the reader's schema leaves out): adapters change them.</summary>
    public static ModelProto Base() => ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(File.ReadAllBytes(BasePath));

    /// <summary>Normalised images, as the network was trained on.</summary>
    public static TensorValue[] Images(int firstSeed, int count)
    {
        var shape = new Shape(1, 3, 16, 16);
        return [.. Enumerable.Range(firstSeed, count).Select(seed =>
        {
            var random = new Random(seed);
            return new TensorValue(shape, [.. Enumerable.Range(0, (int)shape.Elements).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))]);
        })];
    }

    public static CompileOptions Options(params string[] adapters) => new()
    {
        BasePath = BasePath,
        Target = Firmware.Target("cortex-m4"),
        AdapterPaths = adapters,
        CalibrationPath = Calibration.Value,
    };

    public static LoadedModel Load(params string[] adapters) => Pipeline.Load(Options(adapters), new DiagnosticBag());

    private static readonly Lazy<string> Calibration = new(() =>
    {
        string path = Path.Combine(TestFolder.Create("calibration"), "images.npz");
        TensorValue[] images = Images(1, 32);
        File.WriteAllBytes(path, new NpzWriter().Add("images", [images.Length, 3, 16, 16], [.. images.SelectMany(i => i.Floats)]).ToBytes());
        return path;
    });

    /// <summary>After the attention and after the feed-forward layers, each before the residual sum.</summary>
    private static SeededAdapter Houlsby(SeededAdapter adapter) => adapter
        .Bottleneck(AttentionOutput, OutputOf(AttentionOutput), Depth, 4, gelu: true)
        .Bottleneck(FeedForwardOutput, OutputOf(FeedForwardOutput), Depth, 4, gelu: true);

    /// <summary>After the feed-forward layers alone, with the classifier's bias.</summary>
    private static SeededAdapter Pfeiffer(SeededAdapter adapter)
    {
        float[] bias = adapter.Values(10, 0.02f);
        return adapter.Bottleneck(FeedForwardOutput, OutputOf(FeedForwardOutput), Depth, 3, gelu: false, scale: 0.5f)
            .Also("node_123_classifier_fc_Gemm.bias", [10], bias, model => Adapters.OnnxAdapterMerge.Replace(model, "classifier_fc_bias", bias));
    }

    /// <summary>Values are large, since this network's attention is weak beside its residual.</summary>
    private static SeededAdapter Prefix(SeededAdapter adapter, int rows, bool byHead) => adapter.Prefix(
        Softmax, ("node_68_classifier_blocks_0_self_attn_MatMul", 1, true), ("node_72_classifier_blocks_0_self_attn_MatMul_1", 1), rows, 1, Depth, byHead, 30);

    /// <summary>Behind the position embedding; reshapes and the biases that the file has per token become longer.</summary>
    private static SeededAdapter Prompt(SeededAdapter adapter, int rows) => adapter.Prompt("node_19_classifier_Add", OutputOf("node_19_classifier_Add"), rows, Depth, model =>
    {
        const string shape = "node_0_classifier_blocks_0_self_attn_Concat";
        OnnxSurgery.SetLength(model, Tokens, Tokens + rows, shape + "__0", shape + "_1__0", shape + "_2__0", shape + "_3__0");
        OnnxSurgery.RepeatRows(model, Tokens + rows, "classifier_blocks_0_linear1_bias", "node_classifier_blocks_0_linear2_Add_bias", "node_classifier_blocks_0_self_attn_proj_Add_bias");
    });

    private static Func<ModelProto, string> OutputOf(string node) => model => OnnxSurgery.OutputOf(model, node);
}
