using Google.Protobuf;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators.Numerics;
using Mcu.Generator.Verification;
using Mcu.Tests.Adapters;

namespace Mcu.Tests.EndToEnd;

/// <summary>Methods of transformers on a compact convolutional transformer: layer normalisation tuning, LoRA and DoRA on linear layers.</summary>
public sealed class CctMethodTests
{
    private const double Tolerance = 2e-4;

    public static TheoryData<string> Cases => [.. CctCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Float_result_equals_the_graph_with_the_adapter_written_out(string method)
    {
        CctCase @case = CctCase.Of(method);
        LoadedModel loaded = CctCase.Load(@case);
        Graph merged = FloatMerge.Apply(loaded.Canonical, loaded.Adapters[0]);
        foreach (TensorValue image in CalibratedCct.Images(loaded.Canonical, 100, 4))
        {
            Dictionary<string, TensorValue> feed = new(StringComparer.Ordinal) { [merged.Inputs[0]] = image };
            float[] expected = OnnxRuntimeExecutor.Run(@case.Adapted.ToByteArray(), feed)["output"].Floats;
            float[] original = FloatReference.Run(loaded.Canonical, feed)[merged.Outputs[0]].Floats;
            float[] actual = FloatReference.Run(merged, feed)[merged.Outputs[0]].Floats;

            double scale = expected.Max(Math.Abs);
            Assert.True(Difference(expected, original) > 0.01 * scale, "the adapter changes too little to test anything");
            Assert.True(Difference(expected, actual) <= Tolerance * scale, $"{string.Join(", ", expected)} and {string.Join(", ", actual)}");
        }
    }

    [Theory]
    [InlineData("host", AdapterModeChoice.Merge)]
    [InlineData("host", AdapterModeChoice.Side)]
    [InlineData("cortex-m0plus", AdapterModeChoice.Side)]
    [InlineData("cortex-m4", AdapterModeChoice.Merge)]
    [InlineData("cortex-m4", AdapterModeChoice.Side)]
    [InlineData("cortex-m55", AdapterModeChoice.Merge)]
    [InlineData("cortex-m55", AdapterModeChoice.Side)]
    public async Task Firmware_equals_the_reference_under_every_method(string target, AdapterModeChoice mode)
    {
        Int8Model model = CalibratedCct.Adapted(mode);
        byte[] inputs = CalibratedCct.Bytes(model, 100, 3);
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target);
        CancellationToken token = TestContext.Current.CancellationToken;
        var outputs = new HashSet<string>(StringComparer.Ordinal);
        for (int adapter = 0; adapter <= model.Adapters.Length; adapter++)
        {
            RunMeasurements expected = await new ReferenceRunner(model).RunAsync(inputs, adapter, token);
            RunMeasurements actual = await firmware.RunAsync(inputs, adapter, token);

            Assert.True(expected.Outputs.AsSpan().SequenceEqual(actual.Outputs), adapter == 0 ? "base" : model.Adapters[adapter - 1].Name);
            Assert.True(outputs.Add(Convert.ToHexString(expected.Outputs)), $"adapter {adapter} changes too little to test anything");
        }
    }

    /// <summary>Measured 23.0 to 31.9 dB, the larger gamma taking the most of the output's range; the floor is 3 dB lower: twice the noise.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Int8_follows_the_float_network_with_the_adapter(string method)
    {
        Int8Model model = CalibratedCct.Adapted(AdapterModeChoice.Auto);
        int index = IndexOf(model, method);
        Graph merged = FloatMerge.Apply(CalibratedCct.Value.Loaded.Canonical, CalibratedCct.Value.Loaded.Adapters[index - 1]);
        var pairs = new List<(float[] Wanted, float[] Actual)>();
        foreach (TensorValue image in CalibratedCct.Images(merged, 100, 8))
        {
            float[] wanted = FloatReference.Run(merged, new Dictionary<string, TensorValue>(StringComparer.Ordinal) { [merged.Inputs[0]] = image })[merged.Outputs[0]].Floats;
            TensorValue actual = Int8Reference.Run(model, Int8Samples.Quantize(image, model.Graph[model.Graph.Inputs[0]]), index);
            pairs.Add((wanted, Int8Samples.Dequantize(actual, model.Graph[model.Graph.Outputs[0]])));
        }

        double decibels = QuantizationQuality.Compare(pairs).SignalToNoise;

        TestContext.Current.TestOutputHelper?.WriteLine($"{method}: {decibels:F1} dB");
        Assert.InRange(decibels, 20, 80);
    }

    [Fact]
    public void Tables_that_fit_the_bases_scale_keep_it_and_what_does_not_change_is_shared()
    {
        Int8Model model = CalibratedCct.Adapted(AdapterModeChoice.Auto);
        Tuned tuned = Of(model, "gamma-or-beta");
        (LayerNormalizationLayer first, LayerNormalizationLayer firstBase) = tuned.Layer("LayerNorm_0");
        (LayerNormalizationLayer last, LayerNormalizationLayer lastBase) = tuned.Layer("LayerNorm_2");

        Assert.Equal((firstBase.Gamma, firstBase.By), (first.Gamma, first.By));
        Assert.NotEqual(firstBase.Beta, first.Beta);
        Assert.Equal(lastBase.Beta, last.Beta);
        Assert.NotEqual(lastBase.Gamma, last.Gamma);
        Assert.Equal(lastBase.By, last.By);
    }

    /// <summary>A gamma of a fiftieth would lose six of fifteen bits at the base's scale, one of four times the size does not fit it.</summary>
    [Theory]
    [InlineData(0.02f)]
    [InlineData(4f)]
    public void Tables_that_do_not_fit_the_bases_scale_take_their_own(float factor)
    {
        (LoadedModel loaded, Int8Model model) = CalibratedCct.Value;
        float[] gamma = [.. loaded.Canonical[loaded.Canonical.Nodes.First(n => n.Name == "LayerNorm_2").Inputs[1]].Floats().Select(g => g * factor)];
        var patch = new NormPatch("LayerNorm_2", "last", EquatableArray.Wrap(gamma), EquatableArray.Wrap(new float[gamma.Length]));

        Int8Model adapted = Int8AdapterBuilder.Add(model, loaded.Canonical, new BoundAdapter("a", "", [patch]), AdapterModeChoice.Auto);

        (LayerNormalizationLayer changed, LayerNormalizationLayer before) = new Tuned(model, adapted.Adapters[0]).Layer("LayerNorm_2");
        Assert.NotEqual(before.By, changed.By);
        Assert.Equal(16383, changed.Gamma.Max(g => Math.Abs((int)g))); // half of an int16
        Assert.Equal(Real(before) * factor, Real(changed), 1e-4);
    }

    /// <summary>The multiplier's value for the largest gamma.</summary>
    private static double Real(LayerNormalizationLayer norm) => Math.ScaleB(norm.By.Multiplier, norm.By.Shift) * norm.Gamma.Max(g => Math.Abs((double)g)) / (1L << 20);

    [Fact]
    public void A_gamma_that_no_multiplier_holds_is_refused()
    {
        (LoadedModel loaded, Int8Model model) = CalibratedCct.Value;
        var huge = new NormPatch("LayerNorm_2", "last", Enumerable.Repeat(1e9f, 8).ToEquatableArray(), null);

        DiagnosticException error = Assert.Throws<DiagnosticException>(() => Int8AdapterBuilder.Add(model, loaded.Canonical, new BoundAdapter("huge", "", [huge]), AdapterModeChoice.Auto));

        Assert.Equal("MCU0735", error.Diagnostic.Code);
        Assert.Contains("'huge'", error.Message, StringComparison.Ordinal);
    }

    private sealed record Tuned(Int8Model Model, Int8Adapter Adapter)
    {
        public (LayerNormalizationLayer Changed, LayerNormalizationLayer Before) Layer(string node) =>
            ((LayerNormalizationLayer)Adapter.Variants[node].Layer, (LayerNormalizationLayer)Model.Layers[node]);
    }

    private static Tuned Of(Int8Model model, string adapter) => new(model, model.Adapters[IndexOf(model, adapter) - 1]);

    private static int IndexOf(Int8Model model, string name) => 1 + model.Adapters.ToList().FindIndex(a => a.Name == name);

    private static double Difference(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
}
