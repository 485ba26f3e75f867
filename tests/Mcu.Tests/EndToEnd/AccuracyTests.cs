using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Verification;

namespace Mcu.Tests.EndToEnd;

/// <summary>Accuracy on labelled speech: published for the int8 network, against the float form for our own quantisation.</summary>
public sealed class AccuracyTests
{
    private const int CalibrationSamples = 100;

    [Fact]
    public async Task The_int8_network_gives_the_published_accuracy_and_the_emulator_the_same_predictions()
    {
        LabelledSamples data = LabelledSamples.Kws01();
        CompileResult compiled = GoldenModel.Compile("kws", "cortex-m4");

        Evaluation reference = await EvaluateAsync(new ReferenceRunner(compiled.Model), data);
        Evaluation emulated = await EvaluateAsync(await Firmware.RunnerAsync(compiled.Files, "cortex-m4"), data);

        Assert.Equal(456, reference.Predictions.Zip(data.Labels).Count(p => p.First == p.Second));
        Assert.Equal(reference.Predictions, emulated.Predictions);
    }

    [Fact]
    public async Task Our_quantisation_costs_at_most_half_a_point()
    {
        LabelledSamples data = LabelledSamples.Kws01();
        LabelledSamples held = data.Take(CalibrationSamples, data.Labels.Length - CalibrationSamples);
        CompileResult compiled = CalibratedModel.Kws();

        Evaluation real = await EvaluateAsync(new FloatRunner(compiled.Loaded.Canonical, compiled.Loaded.Adapters), held);
        Evaluation reference = await EvaluateAsync(new ReferenceRunner(compiled.Model), held);
        Evaluation emulated = await EvaluateAsync(await Firmware.RunnerAsync(compiled.Files, "cortex-m4"), held);

        TestContext.Current.TestOutputHelper?.WriteLine($"float {real.Accuracy:P2}, int8 {reference.Accuracy:P2}");
        Assert.True(reference.Accuracy >= real.Accuracy - 0.005, $"float {real.Accuracy}, int8 {reference.Accuracy}");
        Assert.Equal(reference.Predictions, emulated.Predictions);
    }

    [Fact]
    public void Quality_of_our_keyword_network_on_held_out_speech()
    {
        CompileResult compiled = CalibratedModel.Kws();

        QuantizationQuality quality = QuantizationQuality.Measure(
            compiled.Loaded.Canonical, compiled.Model, LabelledSamples.Kws01().Take(CalibrationSamples, 100).Real, cancellation: TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper?.WriteLine($"agreement {quality.Top1Agreement:P1}, {quality.SignalToNoise:F1} dB");
        Assert.InRange(quality.Top1Agreement, 0.95, 1);
        Assert.InRange(quality.SignalToNoise, 15, 80);
    }

    /// <summary>The other float networks on the random inputs that calibrated them: a floor that a broken layer falls through.</summary>
    [Theory]
    [InlineData("ic", 0.8, 15)]
    [InlineData("vww", 0.8, 10)]
    [InlineData("ad", 0, 15)]
    public void Quality_of_the_other_float_networks_on_random_inputs(string name, double agreement, double decibels)
    {
        string path = TestData.Shared($"onnx/mlperf-tiny/{name}_fp32.onnx");
        Graph graph = Pipeline.Load(new CompileOptions { BasePath = path, Target = Firmware.Target("host") }, new()).Canonical;
        TensorValue[] samples = [.. Enumerable.Range(1, 12).Select(seed => RandomSample(graph[graph.Inputs[0]].Shape, seed))];
        var ranges = Generator.Calibration.Calibrator.Run(graph, samples, Generator.Calibration.CalibrationMethod.MinMax, null, TestContext.Current.CancellationToken);
        var model = Generator.Int8.Int8Model.Prepare(Generator.Calibration.GraphQuantizer.Quantize(graph, ranges));

        QuantizationQuality quality = QuantizationQuality.Measure(graph, model, samples, cancellation: TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: agreement {quality.Top1Agreement:P1}, {quality.SignalToNoise:F1} dB");
        Assert.InRange(quality.Top1Agreement, agreement, 1);
        Assert.InRange(quality.SignalToNoise, decibels, 80);
    }

    [Fact]
    public void Quality_follows_its_definition()
    {
        // 10·log10(30 / 0.75) by hand; the largest outputs agree in the first sample only.
        QuantizationQuality quality = QuantizationQuality.Compare([([3, 4], [3, 4.5f]), ([2, 1], [1.5f, 1.5f + 0.001f])]);

        Assert.Equal(2, quality.Samples);
        Assert.Equal(0.5, quality.Top1Agreement);
        Assert.Equal(10 * Math.Log10(30 / (0.25 + 0.25 + (0.501 * 0.501))), quality.SignalToNoise, 1e-3);
        Assert.Equal(double.PositiveInfinity, QuantizationQuality.Compare([([1], [1])]).SignalToNoise);
    }

    private static async Task<Evaluation> EvaluateAsync(IModelRunner runner, LabelledSamples data) => await Evaluator.RunAsync(
        runner, SampleConversion.ToInput(data.Values, data.Scale, runner.Input), data.Labels, 0, TestContext.Current.CancellationToken);

    private static TensorValue RandomSample(Shape shape, int seed)
    {
        // Smooth images in 0..255, as the vision networks were trained on, rather than noise.
        var random = new Random(seed);
        (float a, float b, float phase) = (random.NextSingle(), random.NextSingle(), random.NextSingle() * 6);
        return new TensorValue(shape, [.. Enumerable.Range(0, (int)shape.Elements).Select(i => 127.5f + (100 * MathF.Sin(phase + (0.01f * a * i)) * MathF.Cos(0.003f * b * i)) + (20 * random.NextSingle()))]);
    }
}
