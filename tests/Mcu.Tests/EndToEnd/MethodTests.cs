using System.Collections.Concurrent;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
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
        byte[] inputs = Inputs(name, model, 120, Samples);
        var reference = new ReferenceRunner(model);
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target, name);
        CancellationToken token = TestContext.Current.CancellationToken;
        var outputs = new HashSet<string>(StringComparer.Ordinal);
        for (int adapter = 0; adapter <= model.Adapters.Length; adapter++)
        {
            RunMeasurements expected = await reference.RunAsync(inputs, adapter, token);
            RunMeasurements actual = await firmware.RunAsync(inputs, adapter, token);

            Assert.True(expected.Outputs.AsSpan().SequenceEqual(actual.Outputs), adapter == 0 ? "base" : model.Adapters[adapter - 1].Name);
            outputs.Add(Convert.ToHexString(expected.Outputs));
        }

        Assert.True(outputs.Count > model.Adapters.Length / 2, "the adapters change too little to test anything");
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

    /// <summary>The share of samples that the float network, with the adapter merged, and the int8 one put into the same class.</summary>
    [Theory]
    [InlineData("demo")]
    [InlineData("kws")]
    public void Int8_follows_the_float_network_with_the_adapter(string name)
    {
        MethodNetwork network = MethodNetwork.Of(name);
        Int8Model model = Adapted(name, AdapterModeChoice.Auto);
        LoadedModel loaded = Load(network);
        const int count = 15;
        byte[] inputs = Inputs(name, model, 0, count);
        IReadOnlyList<TensorValue> real = network.Samples().Take(0, count).Real;
        foreach (BoundAdapter adapter in loaded.Adapters.Where(a => a.Name != "saved-layers"))
        {
            Graph merged = FloatMerge.Apply(loaded.Canonical, adapter);
            int same = 0;
            for (int i = 0; i < count; i++)
            {
                float[] expected = FloatReference.Run(merged, new Dictionary<string, TensorValue> { [merged.Inputs[0]] = real[i] })[merged.Outputs[0]].Floats;
                Tensor input = model.Graph[model.Graph.Inputs[0]];
                int size = SampleBytes.Of(input);
                var feed = new Dictionary<string, TensorValue> { [input.Name] = SampleBytes.ToValue(inputs.AsSpan(i * size, size), input) };
                sbyte[] actual = Int8Reference.Run(model, feed, IndexOf(model, adapter.Name))[model.Graph.Outputs[0]].Int8;
                same += Array.IndexOf(expected, expected.Max()) == Array.IndexOf(actual, actual.Max()) ? 1 : 0;
            }

            Assert.True(same >= 0.8 * count, $"{adapter.Name}: {same} of {count}");
        }
    }

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
