using System.Collections.Concurrent;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Verification;
using Mcu.Tests.Adapters;

namespace Mcu.Tests.EndToEnd;

/// <summary>Every method from files to firmware: one build with all of them, selected in turn, byte for byte as the int8 reference.</summary>
public sealed class MethodTests
{
    private const int Samples = 4;

    private static readonly ConcurrentDictionary<(string Model, AdapterModeChoice Mode), Lazy<Int8Model>> Models = new();

    public static TheoryData<string, string> Places
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string target in (string[])["host", "cortex-m4", "cortex-m55"])
            {
                data.Add("demo", target);
                data.Add("kws", target);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Firmware_equals_the_reference_under_every_method(string name, string target)
    {
        Int8Model model = Adapted(name, AdapterModeChoice.Merge);
        byte[] inputs = TellingSamples.Of(MethodNetwork.Of(name), model);
        var reference = new ReferenceRunner(model);
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target, name);
        CancellationToken token = TestContext.Current.CancellationToken;
        var outputs = new HashSet<string>(StringComparer.Ordinal);
        for (int adapter = 0; adapter <= model.Adapters.Length; adapter++)
        {
            RunMeasurements expected = await reference.RunAsync(inputs, adapter, token);
            RunMeasurements actual = await firmware.RunAsync(inputs, adapter, token);

            Assert.True(expected.Outputs.AsSpan().SequenceEqual(actual.Outputs), adapter == 0 ? "base" : model.Adapters[adapter - 1].Name);
            Assert.True(outputs.Add(Convert.ToHexString(expected.Outputs)), $"adapter {adapter} gives the bytes of another");
        }
    }

    /// <summary>The side path of DoRA holds its magnitudes in requantisation tables.</summary>
    [Theory]
    [MemberData(nameof(Places))]
    public async Task Low_rank_factors_beside_the_layer_run_as_the_reference(string name, string target)
    {
        Int8Model model = Adapted(name, AdapterModeChoice.Side);
        byte[] inputs = Inputs(name, model, 120, Samples);
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target, name);
        CancellationToken token = TestContext.Current.CancellationToken;
        foreach (string method in (string[])["lora", "rslora", "dora", "lora-bias"])
        {
            int adapter = IndexOf(model, method);
            Assert.All(model.Adapters[adapter - 1].Variants.Values, v => Assert.Equal(AdapterMode.Side, v.Mode));
            byte[] expected = (await new ReferenceRunner(model).RunAsync(inputs, adapter, token)).Outputs;
            byte[] actual = (await firmware.RunAsync(inputs, adapter, token)).Outputs;
            Assert.True(expected.AsSpan().SequenceEqual(actual), method);
        }
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("kws")]
    public void Dora_beside_the_layer_and_merged_differ_by_at_most_one_step_on_99_percent(string name)
    {
        Int8Model side = Adapted(name, AdapterModeChoice.Side);
        Int8Model merge = Adapted(name, AdapterModeChoice.Merge);
        int adapter = IndexOf(side, "dora");
        foreach ((string node, LayerVariant variant) in side.Adapters[adapter - 1].Variants)
        {
            LayerVariant merged = merge.Adapters[adapter - 1].Variants[node];
            double close = VariantComparison.WithinOneStep(side, Inputs(name, side, 120, Samples), node, adapter, variant.Linear, merged.Linear);
            Assert.True(merged.Mode != AdapterMode.MergeCopy || close >= 0.99, $"{node}: {close:P2}");
        }
    }

    /// <summary>Scaled outputs need no other weights: tables alone, and the bias unchanged in units of the accumulator.</summary>
    [Theory]
    [InlineData("demo")]
    [InlineData("kws")]
    public void Scaled_outputs_are_requantisation_tables_with_the_bytes_of_weights_and_bias(string name)
    {
        MethodNetwork network = MethodNetwork.Of(name);
        Int8Model model = Adapted(name, AdapterModeChoice.Auto);
        Int8Adapter ia3 = model.Adapters[IndexOf(model, "ia3") - 1];
        (string node, LayerVariant variant) = ia3.Variants.Single(v => model.Graph[model.Graph.Nodes.First(n => n.Name == v.Key).Inputs[1]].Name == network.Pointwise + ".weight");
        var before = (Generator.Operators.Numerics.LinearLayer)model.Layers[node];

        Assert.Equal(AdapterMode.Requant, variant.Mode);
        Assert.Equal(before.Weights, variant.Linear.Weights);
        Assert.Equal(before.Bias, variant.Linear.Bias);
        Assert.NotEqual(before.Multipliers, variant.Linear.Multipliers);
    }

    /// <summary>
    /// The softmax's input against that of the float network with the adapter merged. The floors are 3 dB below what was measured: twice
    /// the noise. An adapter that int8 leaves out would stand below its floor, since it moves the float network's result by more.
    /// </summary>
    [Theory]
    [MemberData(nameof(Floors))]
    public void Int8_follows_the_float_network_with_the_adapter(string name, string method, double floor)
    {
        MethodNetwork network = MethodNetwork.Of(name);
        Int8Model model = Adapted(name, AdapterModeChoice.Auto);
        LoadedModel loaded = Load(network);
        BoundAdapter adapter = loaded.Adapters.Single(a => a.Name == method);
        Graph merged = FloatMerge.Apply(loaded.Canonical, adapter);

        double withAdapter = QualityOf(network, merged, model, IndexOf(model, method));
        double without = QualityOf(network, merged, model, 0);

        TestContext.Current.TestOutputHelper?.WriteLine($"{name} {method}: {withAdapter:F1} dB, the base against the same {without:F1} dB");
        Assert.InRange(withAdapter, floor, 80);
        Assert.True(without < floor, $"the base alone has {without:F1} dB");
    }

    /// <summary>Layers replaced whole leave the base's output scale, which clips them: their floors are the lowest.</summary>
    public static TheoryData<string, string, double> Floors
    {
        get
        {
            var data = new TheoryData<string, string, double>();
            foreach ((string method, double demo, double kws) in (IEnumerable<(string, double, double)>)
            [
                ("lora", 26.0, 25.0), ("rslora", 25.3, 24.8), ("bitfit", 24.1, 22.7), ("dora", 25.5, 26.1), ("lora-bias", 26.7, 26.1), ("depthwise", 24.4, 26.0),
                ("ia3", 24.8, 25.9), ("ia3-signs", 24.9, 23.5), ("shira", 22.7, 26.0), ("shira-float-index", 21.5, 24.4), ("saved-layers", 17.9, 11.7),
            ])
            {
                data.Add("demo", method, demo);
                data.Add("kws", method, kws);
            }

            return data;
        }
    }

    [Fact]
    public void Every_method_has_a_floor() => Assert.Equal(MethodCases.Names.Order(), Floors.Select(row => row.Data.Item2).Distinct().Order());

    private static double QualityOf(MethodNetwork network, Graph merged, Int8Model model, int adapter)
    {
        const int count = 16;
        byte[] inputs = Inputs(network.Name, model, 0, count);
        IReadOnlyList<TensorValue> real = network.Samples().Take(0, count).Real;
        Tensor input = model.Graph[model.Graph.Inputs[0]];
        int size = SampleBytes.Of(input);
        var pairs = new List<(float[] Wanted, float[] Actual)>();
        for (int i = 0; i < count; i++)
        {
            float[] wanted = FloatReference.Run(merged, new Dictionary<string, TensorValue> { [merged.Inputs[0]] = real[i] })[Logits(merged)].Floats;
            var feed = new Dictionary<string, TensorValue> { [input.Name] = SampleBytes.ToValue(inputs.AsSpan(i * size, size), input) };
            TensorValue actual = Int8Reference.Run(model, feed, adapter)[Logits(model.Graph)];
            pairs.Add((wanted, Int8Samples.Dequantize(actual, model.Graph[Logits(model.Graph)])));
        }

        return QuantizationQuality.Compare(pairs).SignalToNoise;
    }

    private static string Logits(Graph graph) => graph.Nodes.Single(n => n.Operator is Generator.Operators.Softmax).Inputs[0];

    private static int IndexOf(Int8Model model, string name) => 1 + model.Adapters.ToList().FindIndex(a => a.Name == name);

    private static byte[] Inputs(string name, Int8Model model, int from, int count)
    {
        LabelledSamples data = MethodNetwork.Of(name).Samples();
        return SampleConversion.ToInput(data.Take(from, count).Values, data.Scale, model.Graph[model.Graph.Inputs[0]]);
    }

    private static LoadedModel Load(MethodNetwork network) => Pipeline.Load(
        new CompileOptions { BasePath = network.Path, Target = Firmware.Target("host"), AdapterPaths = [.. MethodCases.Names.Select(m => MethodCases.Of(network, m).Write())] },
        new DiagnosticBag());

    /// <summary>Depthwise factors have no side path, so that a model in this mode is without them.</summary>
    private static Int8Model Adapted(string name, AdapterModeChoice mode)
    {
        MethodNetwork network = MethodNetwork.Of(name);
        _ = network.Path;
        CompileResult compiled = network.Compiled();
        return Models.GetOrAdd((name, mode), _ => new Lazy<Int8Model>(() => Load(network).Adapters
            .Where(a => mode != AdapterModeChoice.Side || a.Name != "depthwise")
            .Aggregate(compiled.Model, (model, adapter) => Int8AdapterBuilder.Add(model, compiled.Loaded.Canonical, adapter, mode)))).Value;
    }
}
