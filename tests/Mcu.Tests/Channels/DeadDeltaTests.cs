using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Deltas;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators.Numerics;
using Mcu.Tests.Cli;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Channels;

/// <summary>Delta images for firmware without dead channels: the same outputs as the adapter on the whole network.</summary>
public sealed class DeadDeltaTests
{
    public static TheoryData<string, AdapterModeChoice, string> Images => new()
    {
        { "rows", AdapterModeChoice.Side, "host" }, { "rows", AdapterModeChoice.Merge, "host" },
        { "reader", AdapterModeChoice.Side, "host" }, { "reader", AdapterModeChoice.Merge, "host" }, { "reader", AdapterModeChoice.Auto, "host" },
        { "rows", AdapterModeChoice.Side, "cortex-m4" }, { "reader", AdapterModeChoice.Side, "cortex-m4" }, { "reader", AdapterModeChoice.Merge, "cortex-m0plus" },
    };

    [Theory]
    [MemberData(nameof(Images))]
    public async Task An_image_gives_the_bytes_of_its_adapter_on_the_whole_network(string adapter, AdapterModeChoice mode, string target)
    {
        CompileOptions options = Options(target) with { AdapterPaths = [adapter == "rows" ? DeadDemo.Lora("rows", 0, 5, 12) : DeadDemo.ReaderLora()], AdapterMode = mode };
        PackedDelta packed = DeltaPipeline.Pack(options, new DeltaNumbers(), new(), null, CancellationToken.None);
        DeltaImage image = DeltaReader.Read(DeltaFile.Parse(packed.Body, "x.mcud"), DeltaInterface.Of(packed.Abi));
        Int8Model whole = Pipeline.Quantize(Pipeline.Load(options, new()), options, new(), null, CancellationToken.None);
        byte[] inputs = DeadGraph.Inputs(whole.Graph, 3, samples: 6);
        byte[] expected = DeadGraph.Outputs(whole, inputs, 1);

        Assert.NotNull(packed.Abi.Model.Removal);
        Assert.Equal(expected, DeadGraph.Outputs(DeltaPacker.WithImage(image, packed.Abi), inputs, 1));
        await Firmware.SkipWithoutToolsAsync(target);
        CompileResult compiled = Firmware.Compile(options with { AdapterPaths = [], Deltas = new DeltaSupport(1, 8) });
        var runner = new FirmwareModelRunner(Firmware.Write(compiled.Files), Firmware.Target(target), new()) { Deltas = [packed.Body] };
        Assert.Equal(expected, (await runner.RunAsync(inputs, 0, TestContext.Current.CancellationToken)).Outputs);
    }

    [Fact]
    public void Sums_of_a_low_rank_term_start_with_what_the_constant_gave()
    {
        CompileOptions options = Options("cortex-m4") with { AdapterPaths = [DeadDemo.ReaderLora()], AdapterMode = AdapterModeChoice.Side };
        PackedDelta packed = DeltaPipeline.Pack(options, new DeltaNumbers(), new(), null, CancellationToken.None);

        SidePath term = Assert.Single(Assert.Single(packed.Image.Layers, l => l is not null)!.Terms);
        Assert.Contains(term.Offsets, o => o != 0);
        Assert.Equal(3 * 28, term.A.Length);
    }

    [Theory]
    [InlineData(AdapterModeChoice.Side)]
    [InlineData(AdapterModeChoice.Merge)]
    public void An_image_runs_where_all_channels_are_there_too(AdapterModeChoice mode)
    {
        CompileOptions options = Options("cortex-m4") with { AdapterPaths = [DeadDemo.ReaderLora()], AdapterMode = mode };
        PackedDelta packed = DeltaPipeline.Pack(options, new DeltaNumbers(), new(), null, CancellationToken.None);
        string file = Path.Combine(TestFolder.Create("image"), "reader.mcud");
        File.WriteAllBytes(file, packed.Body);
        CompileOptions compiledIn = options with { AdapterPaths = [file], DeadChannels = DeadChannelChoice.Keep };

        Int8Model whole = Pipeline.Quantize(Pipeline.Load(options, new()), options, new(), null, CancellationToken.None);
        Int8Model other = Pipeline.Quantize(Pipeline.Load(compiledIn, new()), compiledIn, new(), null, CancellationToken.None);
        byte[] inputs = DeadGraph.Inputs(whole.Graph, 4, samples: 6);

        Assert.Equal(DeadGraph.Outputs(whole, inputs, 1), DeadGraph.Outputs(other, inputs, 1));
        Assert.Equal(DeadGraph.Outputs(whole, inputs, 1), DeadGraph.Outputs(Pipeline.WithoutDeadChannels(other, compiledIn with { DeadChannels = DeadChannelChoice.Remove }), inputs, 1));
    }

    private static CompileOptions Options(string target) => new()
    {
        BasePath = DeadDemo.Base,
        Target = Firmware.Target(target),
        CalibrationPath = DemoFiles.Calibration,
        DeadChannels = DeadChannelChoice.Remove,
        Name = "net",
    };
}
