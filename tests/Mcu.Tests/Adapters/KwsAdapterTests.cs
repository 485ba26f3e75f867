using Google.Protobuf;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;
using Mcu.Tests.Ingest.Peft;

namespace Mcu.Tests.Adapters;

/// <summary>
/// Adapter folders for the public keyword-spotting network, read, bound and merged by the compiler, against ONNX Runtime on
/// the ONNX file whose initializers the test merged itself.
/// </summary>
public class KwsAdapterTests
{
    private const string P = "base_model.model.";
    private const double Tolerance = 2e-4;

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Lora_on_each_kind_of_layer_equals_merged_initializers(string type)
    {
        var kws = new Case(type, seed: 1);
        kws.Lora("conv_2d_0", rank: 4, scale: 8.0 / 4);
        kws.Lora("conv_2d_2", rank: 4, scale: 8.0 / 4);
        kws.Lora("conv_2d_8", rank: 4, scale: 8.0 / 4);
        kws.Lora("fully_connected_11", rank: 4, scale: 8.0 / 4);

        kws.Check(PeftFolder.Config(("r", 4), ("lora_alpha", 8)));
    }

    [Fact]
    public void Patterns_and_rslora_set_rank_and_scale_of_each_module()
    {
        var kws = new Case("F32", seed: 2);
        kws.Lora("conv_2d_0", rank: 3, scale: 5 / Math.Sqrt(3));
        kws.Lora("conv_2d_4", rank: 2, scale: 3 / Math.Sqrt(2));
        kws.Lora("conv_2d_6", rank: 2, scale: 7 / Math.Sqrt(2));
        kws.Lora("fully_connected_11", rank: 6, scale: 3 / Math.Sqrt(6));

        kws.Check(PeftFolder.Config(
            ("r", 2),
            ("lora_alpha", 3),
            ("use_rslora", true),
            ("rank_pattern", new Dictionary<string, int> { ["^conv_2d_0"] = 3, ["fully_.*"] = 6 }),
            ("alpha_pattern", new Dictionary<string, int> { ["conv_2d_0"] = 5, ["conv_2d_[67]"] = 7 })));
    }

    [Fact]
    public void Bias_all_replaces_every_bias()
    {
        var kws = new Case("F32", seed: 3);
        kws.Lora("conv_2d_2", rank: 4, scale: 2);
        kws.Bias("conv_2d_2", "base_layer.bias");
        foreach (string module in new[] { "conv_2d_0", "depthwise_conv_2d_1", "depthwise_conv_2d_7", "conv_2d_8", "fully_connected_11" })
        {
            kws.Bias(module, "bias");
        }

        kws.Check(PeftFolder.Config(("r", 4), ("lora_alpha", 8), ("bias", "all")));
    }

    [Fact]
    public void Bitfit_alone_replaces_biases()
    {
        var kws = new Case("BF16", seed: 4);
        kws.Bias("depthwise_conv_2d_3", "bias");
        kws.Bias("conv_2d_4", "bias");

        kws.Check(PeftFolder.Config(("bias", "all")));
    }

    [Fact]
    public void Saved_modules_replace_a_head_a_convolution_and_a_depthwise_convolution()
    {
        var kws = new Case("F32", seed: 5);
        kws.Lora("conv_2d_6", rank: 4, scale: 2);
        kws.Saved("fully_connected_11");
        kws.Saved("conv_2d_0");
        kws.Saved("depthwise_conv_2d_5");

        kws.Check(PeftFolder.Config(("r", 4), ("lora_alpha", 8), ("modules_to_save", new[] { "fully_connected_11", "conv_2d_0", "depthwise_conv_2d_5" })));
    }

    [Fact]
    public void An_adapter_of_another_base_is_refused()
    {
        var kws = new Case("F32", seed: 6);
        kws.Writer.Add(P + "conv_2d_2.lora_A.weight", "F32", [4, 32, 1, 1], new float[128]).Add(P + "conv_2d_2.lora_B.weight", "F32", [64, 4, 1, 1], new float[256]);

        DiagnosticException error = Assert.Throws<DiagnosticException>(() => kws.Merged(PeftFolder.Config(("r", 4))));

        Assert.Equal("MCU0503", error.Diagnostic.Code);
    }

    /// <summary>One adapter, written to a folder and merged into the ONNX model side by side.</summary>
    private sealed class Case(string type, int seed)
    {
        private readonly string path = TestData.Shared("onnx/mlperf-tiny/kws_fp32.onnx");
        private readonly Random random = new(seed);
        private ModelProto? model;

        public SafetensorsWriter Writer { get; } = new();

        private ModelProto Model => model ??= ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));

        public void Lora(string module, int rank, double scale)
        {
            int[] weight = OnnxAdapterMerge.Shape(Model, module + ".weight");
            bool linear = weight.Length == 2;
            int[] shapeA = [rank, .. weight[1..]];
            int[] shapeB = linear ? [weight[0], rank] : [weight[0], rank, 1, 1];
            float[] a = Add($"{module}.lora_A.weight", shapeA, 0.3f);
            float[] b = Add($"{module}.lora_B.weight", shapeB, 0.05f);
            OnnxAdapterMerge.AddLora(Model, module + ".weight", a, b, rank, scale);
        }

        public void Bias(string module, string key) =>
            OnnxAdapterMerge.Replace(Model, module + ".bias", Add($"{module}.{key}", OnnxAdapterMerge.Shape(Model, module + ".bias"), 0.5f));

        public void Saved(string module)
        {
            OnnxAdapterMerge.Replace(Model, module + ".weight", Add($"{module}.weight", OnnxAdapterMerge.Shape(Model, module + ".weight"), 0.2f));
            Bias(module, "bias");
        }

        public Graph Merged(string config)
        {
            var notes = new DiagnosticBag();
            using var folder = new PeftFolder(config, Writer.ToBytes());
            Graph graph = StandardPasses.Canonicalise(OnnxReader.ReadFile(path, notes), notes);
            BoundAdapter bound = AdapterBinder.Bind(PeftReader.ReadFolder(folder.Path, notes), graph, null, notes);
            return FloatMerge.Apply(graph, bound);
        }

        /// <summary>Compares the logits' softmax and, more sharply, the logits themselves.</summary>
        public void Check(string config)
        {
            Graph merged = Merged(config);
            byte[] changed = WithLogits(Model);
            byte[] unchanged = WithLogits(ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)));
            for (int sample = 0; sample < 3; sample++)
            {
                var input = new TensorValue(new Shape(1, 49, 10, 1), Values(490, 20));
                Dictionary<string, TensorValue> feed = new(StringComparer.Ordinal) { ["input"] = input };

                Dictionary<string, TensorValue> expected = OnnxRuntimeExecutor.Run(changed, feed);
                Dictionary<string, TensorValue> actual = FloatReference.Run(merged, feed);
                Dictionary<string, TensorValue> original = OnnxRuntimeExecutor.Run(unchanged, feed);

                AssertClose(expected["output"].Floats, actual["output"].Floats);
                AssertClose(expected["fully_connected_11"].Floats, actual["fully_connected_11"].Floats);
                float[] logits = expected["fully_connected_11"].Floats;
                double change = logits.Zip(original["fully_connected_11"].Floats, (x, y) => Math.Abs(x - y)).Max();
                Assert.True(change > 0.02 * logits.Max(Math.Abs), $"the adapter changes too little to test anything: {change}");
            }
        }

        private static byte[] WithLogits(ModelProto model)
        {
            model.Graph.Output.Add(new ValueInfoProto { Name = "fully_connected_11" });
            return model.ToByteArray();
        }

        private void AssertClose(float[] expected, float[] actual)
        {
            double bound = Tolerance * Math.Max(1, expected.Max(Math.Abs));
            Assert.True(expected.Zip(actual, (x, y) => Math.Abs(x - y)).Max() <= bound, $"seed {seed}: {string.Join(", ", expected)} and {string.Join(", ", actual)}");
        }

        private float[] Add(string key, int[] shape, float range)
        {
            float[] values = [.. Values(shape.Aggregate(1, (p, d) => p * d), range).Select(v => SafetensorsWriter.Rounded(type, v))];
            Writer.Add(P + key, type, shape, values);
            return values;
        }

        private float[] Values(int count, float range) => [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * range)];
    }
}
