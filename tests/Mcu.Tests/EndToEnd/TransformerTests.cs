using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Calibration;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Int8;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;

namespace Mcu.Tests.EndToEnd;

/// <summary>Two compact convolutional transformers as int8 firmware; calibrated with random images and the published input.</summary>
public sealed class TransformerTests
{
    internal const string Plain = "onnx/cct_16_8";
    private const string WithLora = "onnx/cct2_lora1";

    private static readonly ConcurrentDictionary<string, Lazy<(Graph Graph, Int8Model Model)>> Loaded = new(StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<(string Folder, string Target), Lazy<Task<RunMeasurements>>> Runs = new();

    public static TheoryData<string, string> Targets
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string target in (string[])["host", "cortex-m4", "cortex-m0plus", "cortex-m55"])
            {
                data.Add(Plain, target);
                data.Add(WithLora, target);
            }

            return data;
        }
    }

    /// <summary>
    /// On images that did not calibrate. Measured: 36.8 dB and 35.2 dB at the output, 28.2 dB and 24.5 dB at the worst inner tensor
    /// (scores of attention, which are small beside their range). The floors are 3 dB lower: twice the noise.
    /// </summary>
    [Theory]
    [InlineData(Plain, 33.8, 25.2)]
    [InlineData(WithLora, 32.2, 21.5)]
    public void Int8_follows_the_float_network(string folder, double output, double inner)
    {
        (Graph graph, Int8Model model) = Load(folder);

        Dictionary<string, double> decibels = SignalToNoise(graph, model, Images(folder, graph, 100, 12));

        (string worst, double least) = decibels.MinBy(d => d.Value);
        TestContext.Current.TestOutputHelper?.WriteLine($"{folder}: output {decibels[graph.Outputs[0]]:F1} dB, worst {least:F1} dB at {worst}");
        Assert.InRange(decibels[graph.Outputs[0]], output, 80);
        Assert.InRange(least, inner, 80);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Firmware_equals_the_reference(string folder, string target)
    {
        (Graph graph, Int8Model model) = Load(folder);

        RunMeasurements expected = await new ReferenceRunner(model).RunAsync(Bytes(folder, graph, model), 0, TestContext.Current.CancellationToken);
        RunMeasurements actual = await RunAsync(folder, target);

        TestContext.Current.TestOutputHelper?.WriteLine($"{folder} on {target}: {actual.MedianInstructions} instructions, arena {actual.ArenaBytes}, code {actual.CodeBytes}, weights {actual.WeightBytes}, stack {actual.StackBytes}");
        Assert.Equal(expected.Outputs, actual.Outputs);
    }

    /// <summary>
    /// Measured figures (1,114,234 and 50.9 million) and some room: a kernel that loses its fast path falls through. Constants of a normalisation by pointer, so
    /// that adapters can tune them, take one per cent of the small network.
    /// </summary>
    [Theory]
    [InlineData(Plain, 1_120_000, 6_208, 14_000)]
    [InlineData(WithLora, 51_500_000, 65_772, 19_000)]
    public async Task Cost_on_a_cortex_m4(string folder, long instructions, int arena, int code)
    {
        RunMeasurements run = await RunAsync(folder, "cortex-m4");

        Assert.InRange(run.MedianInstructions!.Value, 1, instructions);
        Assert.InRange(run.ArenaBytes!.Value, 1, arena);
        Assert.InRange(run.CodeBytes!.Value, 1, code);
    }

    /// <summary>
    /// The branches lifted out of the graph run beside the layers of tokens: with the adapter the outputs are those of the network
    /// as written, in float within the noise of quantisation and in int8 to the byte on every place.
    /// </summary>
    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m0plus")]
    [InlineData("cortex-m55")]
    public async Task Lifted_branches_run_as_side_paths(string target)
    {
        (Graph written, _) = Load(WithLora);
        Int8Model model = Lifted.Value;
        byte[] inputs = Bytes(WithLora, written, model);
        CancellationToken token = TestContext.Current.CancellationToken;

        RunMeasurements expected = await new ReferenceRunner(model).RunAsync(inputs, 1, token);
        RunMeasurements actual = await (await Firmware.RunnerAsync(model, target)).RunAsync(inputs, 1, token);
        double decibels = QuantizationQuality.Measure(written, model, Images(WithLora, written, 100, 4), 1, token).SignalToNoise;

        TestContext.Current.TestOutputHelper?.WriteLine($"{target}: {actual.MedianInstructions} instructions, arena {actual.ArenaBytes}, adapter {actual.AdapterBytes}; {decibels:F1} dB");
        Assert.Equal(12, model.Adapters[0].Variants.Count(v => v.Value.Mode == AdapterMode.Side));
        Assert.Equal(expected.Outputs, actual.Outputs);
        Assert.NotEqual((await new ReferenceRunner(model).RunAsync(inputs, 0, token)).Outputs, actual.Outputs);
        Assert.InRange(decibels, 32.2, 80);
    }

    private static readonly Lazy<Int8Model> Lifted = new(() =>
    {
        string path = TestData.Shared($"{WithLora}/network_infer.onnx");
        LoadedModel loaded = Pipeline.Load(new CompileOptions { BasePath = path, Target = Firmware.Target("host"), GraphLora = GraphLoraMode.Lift }, new());
        return Int8AdapterBuilder.Add(Quantise(WithLora, loaded.Canonical), loaded.Canonical, loaded.Adapters[0], AdapterModeChoice.Side);
    });

    private static async Task<RunMeasurements> RunAsync(string folder, string target)
    {
        (Graph graph, Int8Model model) = Load(folder);
        FirmwareModelRunner runner = await Firmware.RunnerAsync(model, target);
        return await Runs.GetOrAdd((folder, target), _ => new Lazy<Task<RunMeasurements>>(() => runner.RunAsync(Bytes(folder, graph, model), 0, CancellationToken.None))).Value;
    }

    internal static (Graph Graph, Int8Model Model) Load(string folder)
    {
        string path = TestData.Shared($"{folder}/{(folder == Plain ? "network" : "network_infer")}.onnx");
        return Loaded.GetOrAdd(folder, _ => new Lazy<(Graph, Int8Model)>(() =>
        {
            Graph graph = Pipeline.Load(new CompileOptions { BasePath = path, Target = Firmware.Target("host") }, new()).Canonical;
            return (graph, Quantise(folder, graph));
        })).Value;
    }

    private static Int8Model Quantise(string folder, Graph graph)
    {
        TensorValue[] samples = [Published(folder, graph), .. Images(folder, graph, 1, 31)];
        IReadOnlyDictionary<string, ActivationRange> ranges = Calibrator.Run(graph, samples, CalibrationMethod.MinMax, null, CancellationToken.None);
        return Int8Model.Prepare(GraphQuantizer.Quantize(graph, ranges));
    }

    private static TensorValue Published(string folder, Graph graph) => new(
        graph[graph.Inputs[0]].Shape, (float[])NumpyReader.Read(TestData.Shared($"{folder}/inputs.npz")).Single(a => a.Name == "input").Data);

    /// <summary>Values as the published input has them: normalised images for one network, 0 to 1 for the other.</summary>
    private static TensorValue[] Images(string folder, Graph graph, int firstSeed, int count)
    {
        Shape shape = graph[graph.Inputs[0]].Shape;
        return [.. Enumerable.Range(firstSeed, count).Select(seed =>
        {
            var random = new Random(seed);
            float next() => folder == Plain
                ? (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))
                : random.NextSingle();
            return new TensorValue(shape, [.. Enumerable.Range(0, (int)shape.Elements).Select(_ => next())]);
        })];
    }

    private static byte[] Bytes(string folder, Graph graph, Int8Model model) =>
    [
        .. Images(folder, graph, 100, 2).Prepend(Published(folder, graph))
            .SelectMany(s => MemoryMarshal.AsBytes<sbyte>(Int8Samples.Quantize(s, model.Graph[model.Graph.Inputs[0]]).Int8).ToArray()),
    ];

    /// <summary>Signal to quantisation noise of every activation, in dB.</summary>
    private static Dictionary<string, double> SignalToNoise(Graph graph, Int8Model model, TensorValue[] samples)
    {
        string input = graph.Inputs[0];
        var pairs = model.Graph.Nodes.ToDictionary(n => n.Output, _ => new List<(float[], float[])>(), StringComparer.Ordinal);
        foreach (TensorValue sample in samples)
        {
            TensorValue quantised = Int8Samples.Quantize(sample, model.Graph[input]);
            Dictionary<string, TensorValue> real = FloatReference.Run(graph, new Dictionary<string, TensorValue>(StringComparer.Ordinal) { [input] = sample });
            Dictionary<string, TensorValue> int8 = Int8Reference.Run(model, new Dictionary<string, TensorValue>(StringComparer.Ordinal) { [input] = quantised });
            foreach ((string name, List<(float[], float[])> list) in pairs)
            {
                list.Add((real[name].Floats, Int8Samples.Dequantize(int8[name], model.Graph[name])));
            }
        }

        return pairs.ToDictionary(p => p.Key, p => QuantizationQuality.Compare(p.Value).SignalToNoise, StringComparer.Ordinal);
    }
}
