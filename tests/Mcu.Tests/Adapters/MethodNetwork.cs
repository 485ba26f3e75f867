using Google.Protobuf;
using Mcu.Generator;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Adapters;

/// <summary>A keyword-spotting network with one module of each kind that adapters change.</summary>
internal sealed record MethodNetwork(string Name, string Stem, string Depthwise, string Pointwise, string LaterPointwise, string Head)
{
    public static MethodNetwork Of(string name) => name == "kws"
        ? new("kws", "conv_2d_0", "depthwise_conv_2d_1", "conv_2d_2", "conv_2d_6", "fully_connected_11")
        : new("demo", "conv1", "block1.dw", "block1.pw", "block3.pw", "head");

    public string Path => Name == "kws" ? TestData.Shared("onnx/mlperf-tiny/kws_fp32.onnx") : TestData.Repo("tests/demo/base/kws_demo.onnx");

    public ModelProto Read() => ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path));

    public CompileResult Compiled() => Name == "kws" ? CalibratedModel.Kws() : CalibratedModel.Demo();

    public LabelledSamples Samples() => Name == "kws" ? LabelledSamples.Kws01() : LabelledSamples.Demo("factory");
}
