using System.Runtime.InteropServices;
using Google.Protobuf;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Int8;
using Mcu.Generator.Verification;
using Mcu.Tests.Adapters;
using Mcu.Tests.Ingest.Numpy;
using Mcu.Tests.Ingest.Peft;

namespace Mcu.Tests.EndToEnd;

/// <summary>
/// The keyword-spotting networks with one layer as other exporters have it: a batch normalisation behind it, or a convolution in groups.
/// Adapters of these from files to firmware, in float against ONNX Runtime on the graph with the adapter written out.
/// </summary>
public sealed class VariantNetworkTests
{
    private const int Groups = 4;
    private const int Rank = 4;
    private const string P = "base_model.model.";

    public static TheoryData<string, string, string> Places
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (string method in (string[])["batch-norm", "grouped-factors", "grouped-full"])
            {
                foreach (string target in (string[])["host", "cortex-m4", "cortex-m55"])
                {
                    data.Add(method, "demo", target);
                    data.Add(method, "kws", target);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Float_equals_onnx_runtime_and_firmware_equals_the_reference(string method, string name, string target)
    {
        Case @case = Make(method, MethodNetwork.Of(name));
        CompileResult compiled = Firmware.Compile(@case.Options());
        BoundAdapter adapter = compiled.Loaded.Adapters[0];
        CheckFloat(@case, FloatMerge.Apply(compiled.Loaded.Canonical, adapter));

        Int8Model model = compiled.Model;
        byte[] inputs = SampleConversion.ToInput(@case.Network.Samples().Take(60, 3).Values, @case.Network.Samples().Scale, model.Graph[model.Graph.Inputs[0]]);
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target, name);
        CancellationToken token = TestContext.Current.CancellationToken;
        byte[][] outputs = [(await firmware.RunAsync(inputs, 0, token)).Outputs, (await firmware.RunAsync(inputs, 1, token)).Outputs];

        Assert.Equal((await new ReferenceRunner(model).RunAsync(inputs, 0, token)).Outputs, outputs[0]);
        Assert.Equal((await new ReferenceRunner(model).RunAsync(inputs, 1, token)).Outputs, outputs[1]);
        Assert.NotEqual(outputs[0], outputs[1]);
        AdapterMode mode = Assert.Single(model.Adapters[0].Variants).Value.Mode;
        AdapterMode[] fitting = method == "batch-norm" ? [AdapterMode.Requant] : method == "grouped-full" ? [AdapterMode.Side] : [AdapterMode.MergeCopy, AdapterMode.MergeSparse];
        Assert.Contains(mode, fitting);
    }

    private sealed record Case(MethodNetwork Network, ModelProto Base, ModelProto Adapted, string Adapter, AdapterModeChoice Mode)
    {
        public CompileOptions Options()
        {
            string file = Path.Combine(TestFolder.Create("variant"), "base.onnx");
            File.WriteAllBytes(file, Base.ToByteArray());
            LabelledSamples calibration = Network.Name == "kws" ? LabelledSamples.Kws01().Take(0, 60) : LabelledSamples.DemoCalibration();
            return new CompileOptions { BasePath = file, Target = Firmware.Target("cortex-m4"), CalibrationPath = calibration.WriteCalibration(), AdapterPaths = [Adapter], AdapterMode = Mode };
        }
    }

    private static Case Make(string method, MethodNetwork network)
    {
        var random = new Random(41);
        return method switch
        {
            "batch-norm" => Normalised(network, random),
            "grouped-factors" => Grouped(network, random, full: false),
            _ => Grouped(network, random, full: true),
        };
    }

    /// <summary>Behind the pointwise layer <c>(y − mean)/√(variance + ε)·scale + bias</c>; the adapter tunes all four.</summary>
    private static Case Normalised(MethodNetwork network, Random random)
    {
        ModelProto graph = network.Read();
        NodeProto layer = Layer(graph, network.Pointwise);
        string output = layer.Output[0];
        layer.Output[0] = output + ".raw";
        graph.Graph.Node.Insert(
            graph.Graph.Node.IndexOf(layer) + 1, new NodeProto { Name = "bn", OpType = "BatchNormalization", Input = { layer.Output[0], "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var" }, Output = { output } });
        int channels = OnnxAdapterMerge.Shape(graph, network.Pointwise + ".weight")[0];
        var archive = new NpzWriter();
        ModelProto adapted = graph.Clone();
        foreach ((string part, float centre, float spread) in ((string, float, float)[])[("weight", 1, 0.3f), ("bias", 0, 0.2f), ("running_mean", 0, 0.2f), ("running_var", 1, 0.4f)])
        {
            float[] before = Values(random, channels, centre, spread / 3);
            float[] after = Values(random, channels, centre, spread);
            Add(graph, "bn." + part, [channels], before);
            Add(adapted, "bn." + part, [channels], after);
            archive.Add("bn." + part, [channels], after);
        }

        string file = Path.Combine(TestFolder.Create("bn"), "bn.npz");
        File.WriteAllBytes(file, archive.ToBytes());
        return new Case(network, graph, adapted, file, AdapterModeChoice.Auto);
    }

    /// <summary>
    /// The pointwise layer in four groups. Factors are those of the stored weight, or PEFT's own, which read every input channel and give each
    /// group of outputs its share of the ranks; that change is written out as a dense convolution.
    /// </summary>
    private static Case Grouped(MethodNetwork network, Random random, bool full)
    {
        ModelProto graph = network.Read();
        string weight = network.Pointwise + ".weight";
        int[] shape = OnnxAdapterMerge.Shape(graph, weight);
        (int outputs, int inputs, int width) = (shape[0], shape[1], shape[1] / Groups);
        float[] dense = OnnxAdapterMerge.ValuesOf(graph, weight);
        float[] stored = [.. Enumerable.Range(0, outputs * width).Select(i => 2 * dense[(i / width * inputs) + (i / width / (outputs / Groups) * width) + (i % width)])];
        Replace(graph, weight, [outputs, width, 1, 1], stored);
        SetGroups(graph, network.Pointwise, Groups);
        ModelProto adapted = graph.Clone();
        int read = full ? inputs : width;
        int share = full ? Rank / Groups : Rank;
        float[] a = Values(random, Rank * read, 0, 0.3f);
        float[] b = Values(random, outputs * share, 0, 0.1f);
        if (full)
        {
            int groupOf(int o) => o / (outputs / Groups);
            float[] spread = [.. Enumerable.Range(0, outputs * inputs).Select(i => (i % inputs / width) == groupOf(i / inputs) ? stored[(i / inputs * width) + (i % width)] : 0)];
            float[] changed = [.. spread.Select((w, i) => (float)(w + (2 * Enumerable.Range(0, share).Sum(r => (double)b[(i / inputs * share) + r] * a[(((groupOf(i / inputs) * share) + r) * inputs) + (i % inputs)]))))];
            Replace(adapted, weight, [outputs, inputs, 1, 1], changed);
            SetGroups(adapted, network.Pointwise, 1);
        }
        else
        {
            OnnxAdapterMerge.AddLora(adapted, weight, a, b, Rank, 2);
        }

        byte[] tensors = new SafetensorsWriter().Add($"{P}{network.Pointwise}.lora_A.weight", "F32", [Rank, read, 1, 1], a).Add($"{P}{network.Pointwise}.lora_B.weight", "F32", [outputs, share, 1, 1], b).ToBytes();
        string folder = Path.Combine(TestFolder.Create("grouped"), "grouped");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), PeftFolder.Config(("r", Rank), ("lora_alpha", 2 * Rank)));
        File.WriteAllBytes(Path.Combine(folder, "adapter_model.safetensors"), tensors);
        return new Case(network, graph, adapted, folder, full ? AdapterModeChoice.Side : AdapterModeChoice.Merge);
    }

    private static void CheckFloat(Case @case, Graph merged)
    {
        string output = @case.Adapted.Graph.Node.Last(n => n.OpType == "Gemm").Output[0];
        foreach (ModelProto model in (ModelProto[])[@case.Base, @case.Adapted])
        {
            model.Graph.Output.Add(new ValueInfoProto { Name = output });
        }

        foreach (TensorValue sample in @case.Network.Samples().Take(10, 3).Real)
        {
            Dictionary<string, TensorValue> feed = new(StringComparer.Ordinal) { [merged.Inputs[0]] = sample };
            float[] expected = OnnxRuntimeExecutor.Run(@case.Adapted.ToByteArray(), feed)[output].Floats;
            float[] original = OnnxRuntimeExecutor.Run(@case.Base.ToByteArray(), feed)[output].Floats;
            float[] actual = FloatReference.Run(merged, feed)[output].Floats;
            double scale = Math.Max(1, expected.Max(Math.Abs));
            Assert.True(Difference(expected, original) > 0.005 * scale, "the adapter changes too little to test anything");
            Assert.True(Difference(expected, actual) <= 2e-4 * scale, $"{string.Join(", ", expected)} and {string.Join(", ", actual)}");
        }
    }

    private static double Difference(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();

    private static NodeProto Layer(ModelProto model, string module) => model.Graph.Node.Single(n => n.OpType == "Conv" && n.Input[1] == module + ".weight");

    private static void SetGroups(ModelProto model, string module, int groups) => Layer(model, module).Attribute.Single(a => a.Name == "group").I = groups;

    private static float[] Values(Random random, int count, float centre, float spread) => [.. Enumerable.Range(0, count).Select(_ => centre + (spread * ((random.NextSingle() * 2) - 1)))];

    private static void Replace(ModelProto model, string name, int[] shape, float[] values)
    {
        model.Graph.Initializer.Remove(model.Graph.Initializer.Single(t => t.Name == name));
        Add(model, name, shape, values);
    }

    private static void Add(ModelProto model, string name, int[] shape, float[] values) =>
        model.Graph.Initializer.Add(new TensorProto { Name = name, DataType = 1, Dims = { shape.Select(d => (long)d) }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)) });
}
