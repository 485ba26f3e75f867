using Google.Protobuf;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Ingest.OrtAdapter;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Int8;
using Mcu.Tests.EndToEnd;
using Mcu.Tests.Ingest;
using Mcu.Tests.Ingest.Numpy;

namespace Mcu.Tests.Adapters;

/// <summary>Adapters that are one file: .npz, .onnx_adapter, a fine-tuned model.</summary>
public sealed class AdapterFileTests
{
    private readonly Random random = new(21);

    [Theory]
    [InlineData("demo", "npz")]
    [InlineData("demo", "onnx_adapter")]
    [InlineData("demo", "onnx")]
    [InlineData("kws", "npz")]
    [InlineData("kws", "onnx_adapter")]
    [InlineData("kws", "onnx")]
    public void Float_result_equals_the_graph_with_the_adapter_written_out(string model, string form)
    {
        MethodNetwork network = MethodNetwork.Of(model);
        (string path, ModelProto changed) = Write(network, form);

        LoadedModel loaded = Load(network, path);

        MethodFloatTests.Check(network, changed, FloatMerge.Apply(loaded.Canonical, loaded.Adapters[0]));
    }

    [Theory]
    [InlineData("demo", "host")]
    [InlineData("demo", "cortex-m4")]
    [InlineData("demo", "cortex-m55")]
    [InlineData("kws", "host")]
    [InlineData("kws", "cortex-m4")]
    [InlineData("kws", "cortex-m55")]
    public async Task Firmware_equals_the_reference(string name, string target)
    {
        MethodNetwork network = MethodNetwork.Of(name);
        CompileResult compiled = network.Compiled();
        LoadedModel loaded = Load(network, [.. ((string[])["npz", "onnx_adapter", "onnx"]).Select(f => Write(network, f).Path)]);
        Int8Model model = loaded.Adapters.Aggregate(compiled.Model, (m, a) => Int8AdapterBuilder.Add(m, compiled.Loaded.Canonical, a, AdapterModeChoice.Auto));
        byte[] inputs = TellingSamples.Of(network, model);
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target, name);
        var outputs = new HashSet<string>(StringComparer.Ordinal);
        for (int adapter = 0; adapter <= 3; adapter++)
        {
            CancellationToken token = TestContext.Current.CancellationToken;
            byte[] actual = (await firmware.RunAsync(inputs, adapter, token)).Outputs;
            Assert.Equal((await new ReferenceRunner(model).RunAsync(inputs, adapter, token)).Outputs, actual);
            Assert.True(outputs.Add(Convert.ToHexString(actual)), $"adapter {adapter} gives the bytes of another");
        }
    }

    [Fact]
    public void A_tuned_model_is_stored_by_what_differs()
    {
        MethodNetwork network = MethodNetwork.Of("demo");
        CompileResult compiled = network.Compiled();
        LoadedModel loaded = Load(network, Write(network, "onnx").Path);

        Int8Adapter adapter = Int8AdapterBuilder.Add(compiled.Model, compiled.Loaded.Canonical, loaded.Adapters[0], AdapterModeChoice.Auto).Adapters[0];

        Assert.Equal([AdapterMode.Bias, AdapterMode.MergeCopy, AdapterMode.MergeSparse], adapter.Variants.Values.Select(v => v.Mode).Order());
    }

    [Fact]
    public void An_int8_model_beside_its_base_keeps_its_own_bytes()
    {
        string path = TestData.Shared("mlperf-tiny/kws_int8.tflite");
        byte[] tuned = File.ReadAllBytes(path);
        int at = LargestRun(tuned);
        tuned[at] = (byte)(tuned[at] ^ 0x15);
        string file = Path.Combine(TestFolder.Create("tuned"), "tuned.tflite");
        File.WriteAllBytes(file, tuned);
        CompileOptions options = new() { BasePath = path, Target = Firmware.Target("host"), AdapterPaths = [file] };
        LoadedModel loaded = Pipeline.Load(options, new DiagnosticBag());

        Int8Model model = Pipeline.Quantize(loaded, options, new DiagnosticBag(), null, TestContext.Current.CancellationToken);

        LayerVariant variant = Assert.Single(model.Adapters[0].Variants).Value;
        Assert.Equal(AdapterMode.MergeSparse, variant.Mode);
        Assert.Equal((sbyte)tuned[at] - (sbyte)(byte)(tuned[at] ^ 0x15), Assert.Single(variant.Linear.Corrections!.Differences));
    }

    /// <summary>
    /// One activation of the tuned model has a scale of five quarters: the base's stays, weights have no scale in common with it, and the
    /// biases of the layer that reads it, whose unit it is, are brought over.
    /// </summary>
    [Fact]
    public void An_int8_model_with_other_activation_scales_is_brought_to_the_bases()
    {
        string path = TestData.Shared("mlperf-tiny/kws_int8.tflite");
        Generator.Graphs.Graph graph = Pipeline.Load(new CompileOptions { BasePath = path, Target = Firmware.Target("host") }, new DiagnosticBag()).Canonical;
        Generator.Graphs.Node reader = graph.Nodes.Where(n => n.Operator is Generator.Operators.Conv2D).ElementAt(1);
        float scale = graph[reader.Inputs[0]].Quantization!.Scale;
        byte[] tuned = File.ReadAllBytes(path);
        int at = tuned.AsSpan().IndexOf(BitConverter.GetBytes(scale));
        Assert.Equal(-1, tuned.AsSpan(at + 4).IndexOf(BitConverter.GetBytes(scale)));
        BitConverter.GetBytes(scale * 1.25f).CopyTo(tuned, at);
        string file = Path.Combine(TestFolder.Create("tuned"), "tuned.tflite");
        File.WriteAllBytes(file, tuned);
        var notes = new DiagnosticBag();
        CompileOptions options = new() { BasePath = path, Target = Firmware.Target("host"), AdapterPaths = [file] };

        Int8Model model = Pipeline.Quantize(Pipeline.Load(options, notes), options, notes, null, TestContext.Current.CancellationToken);

        Assert.Contains(notes.Items, n => n.Code == "MCU0517");
        (string node, LayerVariant variant) = Assert.Single(model.Adapters[0].Variants);
        Assert.Equal(reader.Name, node);
        Assert.Equal(AdapterMode.Bias, variant.Mode);
        int[] before = [.. ((Generator.Graphs.Int32Data)graph[reader.Inputs[2]].Data!).Values];
        Assert.All(before.Zip(variant.Linear.Bias), p => Assert.InRange(p.Second, (p.First * 1.25) - 1, (p.First * 1.25) + 1));
    }

    [Fact]
    public void A_model_of_another_structure_is_refused_by_its_first_difference()
    {
        MethodNetwork network = MethodNetwork.Of("demo");
        ModelProto other = network.Read();
        other.Graph.Node.Last(n => n.OpType == "Relu").OpType = "Identity";
        string file = Path.Combine(TestFolder.Create("tuned"), "other.onnx");
        File.WriteAllBytes(file, other.ToByteArray());

        DiagnosticException error = Assert.Throws<DiagnosticException>(() => Load(network, file));

        Assert.Equal("MCU0515", error.Diagnostic.Code);
        Assert.Contains("of the tuned model Conv2D", error.Diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_base_itself_is_no_adapter()
    {
        MethodNetwork network = MethodNetwork.Of("demo");

        Assert.Equal("MCU0516", Assert.Throws<DiagnosticException>(() => Load(network, network.Path)).Diagnostic.Code);
    }

    [Theory]
    [InlineData("weights", "MCU0440")]
    [InlineData("fc.weights", "MCU0440")]
    [InlineData("fc.indices", "MCU0431")]
    [InlineData("fc.values", "MCU0431")]
    public void An_archive_with_a_name_that_has_no_meaning_is_refused(string array, string code) =>
        Assert.Equal(code, Assert.Throws<DiagnosticException>(() => NumpyAdapterReader.Read(new NpzWriter().Add(array, [1], [1f]).ToBytes(), "a.npz")).Diagnostic.Code);

    [Fact]
    public void An_archive_takes_whole_numbers_for_indices_and_real_ones_for_values()
    {
        PeftAdapter adapter = NumpyAdapterReader.Read(new NpzWriter().Add("fc.indices", [2], [3L, 1]).Add("fc.values", [2], [0.5f, 2]).ToBytes(), "x/delta.npz");

        Assert.Equal("delta", adapter.Name);
        Assert.Equal([3, 1], adapter.Modules[0].Sparse!.Indices);
        Assert.Equal("MCU0433", Refused(new NpzWriter().Add("fc.difference", [1], [1L])));
        Assert.Equal("MCU0434", Refused(new NpzWriter().Add("fc.indices", [3], [1L, 2, 3]).Add("fc.values", [2], [1f, 2])));
        Assert.Equal("MCU0439", Refused(new NpzWriter().Add("fc.indices", [1], [-1L]).Add("fc.values", [1], [1f])));
        Assert.Equal("MCU0416", Refused(new NpzWriter().Add("fc.difference", [1], [float.NaN])));
    }

    [Fact]
    public void Factors_of_a_matrix_product_are_turned_and_their_rank_is_found()
    {
        byte[] file = new OrtAdapterWriter().Add("base_model.model.q.lora_A.weight", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]).Add("base_model.model.q.lora_B.weight", [2, 4], [1, 2, 3, 4, 5, 6, 7, 8]).ToBytes();

        PeftModule module = Assert.Single(OrtAdapterReader.Read(file, "a.onnx_adapter", new DiagnosticBag()).Modules);

        Assert.Equal(2, module.Lora!.Rank);
        Assert.Equal(1.0, module.Lora.Scale);
        Assert.Equal([1f, 3, 5, 7, 2, 4, 6, 8], module.Lora.A.Values);
        Assert.Equal([1f, 5, 2, 6, 3, 7, 4, 8], module.Lora.B.Values);
    }

    [Fact]
    public void Damaged_and_foreign_onnx_adapters_are_refused()
    {
        byte[] good = new OrtAdapterWriter().Add("q.lora_A", [1, 2], [1, 2]).Add("q.lora_B", [3, 1], [1, 2, 3]).ToBytes();

        Assert.Single(OrtAdapterReader.Read(good, "a", new DiagnosticBag()).Modules);
        Assert.Equal("MCU0441", OrtRefused(new OrtAdapterWriter { FormatVersion = 2 }.ToBytes()));
        Assert.Equal("MCU0441", OrtRefused(new OrtAdapterWriter { Identifier = "TFL3" }.ToBytes()));
        Assert.Equal("MCU0414", OrtRefused(new OrtAdapterWriter().Add("q.lora_A", [1, 3], [1, 2]).ToBytes()));
        Assert.Equal("MCU0414", OrtRefused(new OrtAdapterWriter().Add("q.lora_A", [int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue], [1, 2]).ToBytes()));
        Assert.Equal("MCU0413", OrtRefused(new OrtAdapterWriter().Add("q.lora_A", [0], []).ToBytes()));
        Assert.Equal("MCU0412", OrtRefused(new OrtAdapterWriter().Add("q.lora_A", [1], 8, [1]).ToBytes()));
        Assert.Equal("MCU0433", OrtRefused(new OrtAdapterWriter().Add("q.lora_A", [1], 3, [1]).ToBytes()));
        Assert.Equal("MCU0416", OrtRefused(new OrtAdapterWriter().Add("q.lora_A", [1], [float.NaN]).ToBytes()));
        Assert.Equal("MCU0432", OrtRefused(new OrtAdapterWriter().Add("q.lora_A", [2, 2], [1, 2, 3, 4]).Add("q.lora_B", [2, 2], [1, 2, 3, 4]).ToBytes()));
        Assert.Equal("MCU0435", OrtRefused(new OrtAdapterWriter().ToBytes()));
        for (int length = 0; length < good.Length; length++)
        {
            byte[] cut = good[..length];
            Assert.ThrowsAny<DiagnosticException>(() => OrtAdapterReader.Read(cut, "a", new DiagnosticBag()));
        }
    }

    /// <summary>Changed bytes give an adapter or a diagnostic, never another exception.</summary>
    [Fact]
    public void Changed_bytes_of_an_onnx_adapter_are_read_or_refused()
    {
        byte[] good = new OrtAdapterWriter().Add("q.lora_A", [1, 2], [1, 2]).Add("q.lora_B", [3, 1], [1, 2, 3]).Add("h.weight", [2, 1], [1, 2]).ToBytes();
        for (int at = 0; at < good.Length; at++)
        {
            foreach (byte value in (byte[])[0, 1, 0x7F, 0x80, 0xFF])
            {
                byte[] changed = [.. good];
                changed[at] = value;
                try
                {
                    OrtAdapterReader.Read(changed, "a", new DiagnosticBag());
                }
                catch (DiagnosticException)
                {
                }
            }
        }
    }

    private (string Path, ModelProto Changed) Write(MethodNetwork network, string form)
    {
        ModelProto changed = network.Read();
        string file = Path.Combine(TestFolder.Create("file"), $"tuned.{form}");
        switch (form)
        {
            case "npz":
                File.WriteAllBytes(file, Archive(network, changed));
                break;
            case "onnx_adapter":
                File.WriteAllBytes(file, Factors(network, changed));
                break;
            default:
                Change(changed, network.Head + ".bias", (v, _) => v + 0.5f);
                Change(changed, network.LaterPointwise + ".weight", (v, i) => i % 97 == 0 ? v + 0.3f : v);
                Change(changed, network.Stem + ".weight", (v, _) => v * (0.7f + (0.6f * random.NextSingle())));
                File.WriteAllBytes(file, changed.ToByteArray());
                break;
        }

        return (file, changed);
    }

    private byte[] Archive(MethodNetwork network, ModelProto changed)
    {
        var archive = new NpzWriter();
        int[] shape = OnnxAdapterMerge.Shape(changed, network.Depthwise + ".weight");
        int[] places = [.. Enumerable.Range(0, 9).Select(i => i * 7)];
        archive.Add(network.Depthwise + ".indices", [9], [.. places.Select(p => (long)p)]).Add(network.Depthwise + ".values", [9], [.. places.Select(p => 0.3f + (p * 0.01f))]);
        Change(changed, network.Depthwise + ".weight", (v, i) => i % 7 == 0 && i < 63 ? v + 0.3f + (i * 0.01f) : v);
        float[] difference = [.. OnnxAdapterMerge.ValuesOf(changed, network.Pointwise + ".weight").Select(_ => (random.NextSingle() - 0.5f) * 0.1f)];
        archive.Add(network.Pointwise + ".difference", OnnxAdapterMerge.Shape(changed, network.Pointwise + ".weight"), difference);
        Change(changed, network.Pointwise + ".weight", (v, i) => v + difference[i]);
        archive.Add(network.Head + ".bias_difference", [OnnxAdapterMerge.Shape(changed, network.Head + ".bias")[0]], [.. OnnxAdapterMerge.ValuesOf(changed, network.Head + ".bias").Select((_, i) => i * 0.1f)]);
        Change(changed, network.Head + ".bias", (v, i) => v + (i * 0.1f));
        Assert.Equal(4, shape.Length);
        return archive.ToBytes();
    }

    private byte[] Factors(MethodNetwork network, ModelProto changed)
    {
        const int rank = 3;
        int[] shape = OnnxAdapterMerge.Shape(changed, network.Head + ".weight");
        float[] a = [.. Enumerable.Range(0, rank * shape[1]).Select(_ => random.NextSingle() - 0.5f)];
        float[] b = [.. Enumerable.Range(0, rank * shape[0]).Select(_ => (random.NextSingle() - 0.5f) * 0.3f)];
        OnnxAdapterMerge.AddLora(changed, network.Head + ".weight", a, b, rank, 1);
        float[] turnedA = [.. Enumerable.Range(0, a.Length).Select(i => a[(i % rank * shape[1]) + (i / rank)])];
        float[] turnedB = [.. Enumerable.Range(0, b.Length).Select(i => b[(i % shape[0] * rank) + (i / shape[0])])];
        return new OrtAdapterWriter().Add(network.Head + ".lora_A.weight", [shape[1], rank], turnedA).Add(network.Head + ".lora_B.weight", [rank, shape[0]], turnedB).ToBytes();
    }

    private static void Change(ModelProto model, string initializer, Func<float, int, float> change) =>
        OnnxAdapterMerge.Replace(model, initializer, [.. OnnxAdapterMerge.ValuesOf(model, initializer).Select(change)]);

    private static LoadedModel Load(MethodNetwork network, params string[] adapters) =>
        Pipeline.Load(new CompileOptions { BasePath = network.Path, Target = Firmware.Target("host"), AdapterPaths = adapters }, new DiagnosticBag());

    private static string Refused(NpzWriter archive) => Assert.Throws<DiagnosticException>(() => NumpyAdapterReader.Read(archive.ToBytes(), "a.npz")).Diagnostic.Code;

    private static string OrtRefused(byte[] file) => Assert.Throws<DiagnosticException>(() => OrtAdapterReader.Read(file, "a", new DiagnosticBag())).Diagnostic.Code;

    /// <summary>A place inside the weights of the network's last pointwise convolution, found as the middle of its 4096 bytes.</summary>
    private static int LargestRun(byte[] file)
    {
        Generator.Graphs.Graph graph = Generator.Ingest.ModelReader.ReadFile(TestData.Shared("mlperf-tiny/kws_int8.tflite"), new DiagnosticBag());
        Generator.Graphs.Int8Data weights = graph.Tensors.Values.Select(t => t.Data).OfType<Generator.Graphs.Int8Data>().First(d => d.Length == 4096);
        byte[] bytes = [.. weights.Values.Select(v => unchecked((byte)v))];
        return file.AsSpan().IndexOf(bytes) + 2048;
    }
}
