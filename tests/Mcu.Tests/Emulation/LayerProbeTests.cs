using Mcu.Emulation;
using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Testing;
using Mcu.Generator.Emit;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emulation;

/// <summary>Outputs of every layer, and the layer that a failed comparison names.</summary>
public sealed class LayerProbeTests
{
    private const int SampleLength = 490;

    private static byte[] Samples => [.. File.ReadAllBytes(TestData.Repo("tests/demo/test/clean.bin")).Take(3 * SampleLength)];

    [Theory]
    [InlineData("host", 0)]
    [InlineData("host", 1)]
    [InlineData("cortex-m4", 0)]
    [InlineData("cortex-m4", 3)]
    public async Task Firmware_with_probes_writes_what_the_reference_computes_in_every_layer(string target, int adapter)
    {
        await Firmware.SkipWithoutToolsAsync(target);
        Int8Model model = AdaptedModel.Of("demo").WithMode(AdapterModeChoice.Auto);
        string folder = Firmware.Write(Firmware.Emit(model, target, "net"));
        FirmwareImage image = await new FirmwareBuilder().BuildAsync(folder, Firmware.Target(target), new BuildOptions { Probes = true }, TestContext.Current.CancellationToken);
        using var runner = new FirmwareRunner();
        RunResult result = await runner.RunAsync(image, Samples, new RunOptions { AdapterIndex = adapter }, TestContext.Current.CancellationToken);

        Tensor input = model.Graph[model.Graph.Inputs[0]];
        EquatableArray<EmittedLayerOutput> outputs = image.Manifest.LayerOutputs ?? [];
        Assert.Equal(12, outputs.Length);
        IEnumerable<byte> expected = Samples.Chunk(SampleLength).SelectMany(sample =>
        {
            Dictionary<string, TensorValue> values = Int8Reference.Run(model, new Dictionary<string, TensorValue> { [input.Name] = SampleBytes.ToValue(sample, input) }, adapter);
            return outputs.SelectMany(output => SampleBytes.FromValue(values[output.Tensor]));
        });
        Assert.Equal(expected, result.LayerOutputs);
    }

    /// <summary>One weight or bias of a layer is changed in the emitted C; layers are those of the demo, in order.</summary>
    [Theory]
    [InlineData("host", 0, "conv1")]
    [InlineData("host", 5, "block3.dw")]
    [InlineData("cortex-m4", 4, "block2.pw")]
    [InlineData("cortex-m4", 10, "head")]
    public async Task A_mismatch_names_the_first_layer_that_differs(string target, int layer, string name)
    {
        await Firmware.SkipWithoutToolsAsync(target);
        Int8Model model = AdaptedModel.Of("demo").Base;
        SortedDictionary<string, string> files = Firmware.Emit(model, target, "net");
        files["net_weights.c"] = Spoil(files["net_weights.c"], $"net_l{layer}_bias");
        string folder = Firmware.Write(files);
        using FirmwareUnderTest firmware = await FirmwareUnderTest.BuildAsync(folder, new FirmwareTestOptions { Target = target, Artifacts = null }, TestContext.Current.CancellationToken);
        FirmwareOutcome outcome = await firmware.RunAsync(Samples, cancellation: TestContext.Current.CancellationToken);

        var failure = Assert.Throws<FirmwareAssertionException>(() => outcome.ShouldMatchReference(model));

        Assert.Equal("MCU1120", failure.Code);
        Assert.Contains($"The first layer that differs is {layer} '{name}', in ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Right_firmware_passes_and_a_folder_that_says_nothing_of_its_layers_is_still_compared()
    {
        await Firmware.SkipWithoutToolsAsync("host");
        Int8Model model = AdaptedModel.Of("demo").Base;
        SortedDictionary<string, string> files = Firmware.Emit(model, "host", "net");
        string good = Firmware.Write(files);
        using FirmwareUnderTest right = await FirmwareUnderTest.BuildAsync(good, new FirmwareTestOptions { Target = "host", Artifacts = null }, TestContext.Current.CancellationToken);
        (await right.RunAsync(Samples, cancellation: TestContext.Current.CancellationToken)).ShouldMatchReference(model);

        files["net_weights.c"] = Spoil(files["net_weights.c"], "net_l2_bias");
        files["mcu.json"] = (EmittedManifest.Load(good) with { LayerOutputs = null }).ToJson();
        using FirmwareUnderTest old = await FirmwareUnderTest.BuildAsync(Firmware.Write(files), new FirmwareTestOptions { Target = "host", Artifacts = null }, TestContext.Current.CancellationToken);
        FirmwareOutcome outcome = await old.RunAsync(Samples, cancellation: TestContext.Current.CancellationToken);
        Assert.Contains("The layer is not known: ", Assert.Throws<FirmwareAssertionException>(() => outcome.ShouldMatchReference(model)).Message, StringComparison.Ordinal);
    }

    /// <summary>The first four numbers of a table become others.</summary>
    private static string Spoil(string source, string table)
    {
        int start = source.IndexOf('{', source.IndexOf(table + "[", StringComparison.Ordinal)) + 1;
        int end = start;
        for (int i = 0; i < 4; i++)
        {
            end = source.IndexOf(',', end + 1);
        }

        return source[..start] + "9000, -9000, 9000, -9000" + source[end..];
    }
}
