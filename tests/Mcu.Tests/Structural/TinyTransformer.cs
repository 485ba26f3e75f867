using Mcu.Generator;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest.Numpy;
using Mcu.Tests.Onnx;
using Google.Protobuf;

namespace Mcu.Tests.Structural;

/// <summary>
/// A block of a transformer on five tokens: two heads, attention's scale halved between queries and keys as exporters write it, mean over
/// tokens, a classifier. Nodes are named like what they write.
/// </summary>
internal static class TinyTransformer
{
    public const int Tokens = 5;
    public const int Depth = 6;
    private const int Heads = 2;
    private const int Size = 3;

    public static readonly string[] Names = ["serial", "parallel", "beside the layer", "prefix", "prefix by head", "prompt", "together"];

    private static readonly Lazy<string> Base = new(() => WriteBase(Build()));

    private static readonly Lazy<string> Calibration = new(() =>
    {
        string path = Path.Combine(TestFolder.Create("tiny"), "samples.npz");
        TensorValue[] samples = Samples(1, 20);
        File.WriteAllBytes(path, new NpzWriter().Add("x", [samples.Length, Tokens, Depth], [.. samples.SelectMany(s => s.Floats)]).ToBytes());
        return path;
    });

    public static SeededAdapter Of(string name) => name switch
    {
        "serial" => new SeededAdapter(11).Bottleneck("proj", _ => "proj", Depth, 2, gelu: true).Bottleneck("ff2", _ => "ff2", Depth, 3, gelu: false, scale: 0.5f),
        "parallel" => new SeededAdapter(12).Parallel("n2->ff2", _ => "n2", _ => "ff2", Depth, 4, 2),
        "beside the layer" => new SeededAdapter(13).Parallel("proj", _ => "merged", _ => "proj", Depth, 2, 1),
        "prefix" => Prefix(new SeededAdapter(14), 3, false),
        "prefix by head" => Prefix(new SeededAdapter(15), 2, true),
        "prompt" => Prompt(new SeededAdapter(16), 2),
        _ => Prompt(Prefix(new SeededAdapter(17), 1, false).Bottleneck("ff2", _ => "ff2", Depth, 2, gelu: true), 3),
    };

    public static ModelProto Model() => Build();

    public static TensorValue[] Samples(int firstSeed, int count) =>
        [.. Enumerable.Range(firstSeed, count).Select(seed => new TensorValue(new Shape(1, Tokens, Depth), new SeededAdapter(seed).Values(Tokens * Depth, 2)))];

    public static CompileOptions Options(params string[] adapters) => new()
    {
        BasePath = Base.Value,
        Target = Firmware.Target("host"),
        AdapterPaths = adapters,
        CalibrationPath = Calibration.Value,
    };

    /// <summary>An adapter's file bound to the network; the test's own model where one is given.</summary>
    public static LoadedModel Load(string adapter, ModelProto? model = null) =>
        Pipeline.Load(Options(adapter) with { BasePath = model is null ? Base.Value : WriteBase(model) }, new DiagnosticBag());

    private static SeededAdapter Prefix(SeededAdapter adapter, int rows, bool byHead) =>
        adapter.Prefix("attention", ("kscaled", 0, true), ("mixed", 1), rows, Heads, Size, byHead, 2);

    private static SeededAdapter Prompt(SeededAdapter adapter, int rows) =>
        adapter.Prompt("placed", _ => "placed", rows, Depth, model => OnnxSurgery.SetLength(model, Tokens, Tokens + rows, "split", "joined"));

    private static string WriteBase(ModelProto model)
    {
        string path = Path.Combine(TestFolder.Create("tiny"), "tiny.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    private static ModelProto Build()
    {
        OnnxModelBuilder model = new OnnxModelBuilder(17).Input("x", 1, Tokens, Depth).Output("y")
            .Weights("position", [1, Tokens, Depth]).Weights("g1", [Depth]).Weights("h1", [Depth]).Weights("g2", [Depth]).Weights("h2", [Depth])
            .Weights("wq", [Depth, Depth]).Weights("wkk", [Depth, Depth]).Weights("wvvv", [Depth, Depth]).Weights("wproj", [Depth, Depth]).Weights("bproj", [Depth])
            .Weights("wff1", [Depth, 8]).Weights("bff1", [8]).Weights("wff2", [8, Depth]).Weights("bff2", [Depth]).Weights("whead", [4, Depth]).Weights("bhead", [4])
            .Weights("half", [], 0.76f).Integers("split", 1, Tokens, Heads, Size).Integers("joined", 1, Tokens, Depth)
            .Node("Add", "x position", "placed").Node("LayerNormalization", "placed g1 h1", "n1");
        foreach (string part in (string[])["q", "kk", "vvv"])
        {
            model.Node("MatMul", $"n1 w{part}", part).Node("Reshape", $"{part} split", part + "s").Node("Transpose", part + "s", part + "t", ("perm", part == "kk" ? new[] { 0, 2, 3, 1 } : [0, 2, 1, 3]));
        }

        model.Node("Mul", "qt half", "qscaled").Node("Mul", "kkt half", "kscaled").Node("MatMul", "qscaled kscaled", "scores").Node("Softmax", "scores", "attention", ("axis", 3))
            .Node("MatMul", "attention vvvt", "mixed").Node("Transpose", "mixed", "turned", ("perm", new[] { 0, 2, 1, 3 })).Node("Reshape", "turned joined", "merged")
            .Node("MatMul", "merged wproj", "proj0").Node("Add", "proj0 bproj", "proj").Node("Add", "placed proj", "r1").Node("LayerNormalization", "r1 g2 h2", "n2")
            .Node("MatMul", "n2 wff1", "ff0").Node("Add", "ff0 bff1", "ff1").Node("Relu", "ff1", "ffa").Node("MatMul", "ffa wff2", "ffb").Node("Add", "ffb bff2", "ff2")
            .Node("Add", "r1 ff2", "r2").Node("ReduceMean", "r2", "pooled", ("axes", new[] { 1 }), ("keepdims", 0)).Node("Gemm", "pooled whead bhead", "y", ("transB", 1));
        foreach (NodeProto node in model.Graph.Node)
        {
            node.Name = node.Output[0];
        }

        return model.Model;
    }
}
