using Mcu.Emulation.Evaluation;
using Mcu.Emulation.Managed;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Tests.Cli;
using Mcu.Tests.Emission;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>The managed form gives the bytes of the int8 reference, in every store and with packed and plain weights.</summary>
public sealed class ManagedNetworkTests
{
    public static TheoryData<string, NanoStore, bool> Forms => new()
    {
        { "images", NanoStore.Code, true },
        { "images", NanoStore.Image, false },
        { "vectors", NanoStore.Code, true },
        { "vectors", NanoStore.Code, false },
        { "vectors", NanoStore.Image, true },
        { "tokens", NanoStore.Code, true },
        { "tokens", NanoStore.Image, false },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Base_and_adapters_give_the_references_bytes(string name, NanoStore store, bool packed)
    {
        Int8Model model = TinyModels.Of(name);
        Managed managed = Managed.Of(model, name, NanoOptions.Default with { Store = store, PackWeights = packed });

        foreach (int adapter in Enumerable.Range(0, model.Adapters.Length + 1).Concat([0]))
        {
            Assert.True(managed.Network.Select(adapter));
            for (int seed = 0; seed < 20; seed++)
            {
                TensorValue input = Input(model, seed);
                Assert.Equal(Int8Reference.Run(model, input, adapter).Int8, managed.Network.Run(input.Int8));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_is_emitted_meets_the_platforms_limits_and_run_allocates_nothing(string name, NanoStore store, bool packed)
    {
        Managed managed = Managed.Of(TinyModels.Of(name), name, NanoOptions.Default with { Store = store, PackWeights = packed });

        Assert.Empty(IlChecker.Check(managed.Assembly));
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("scratch")]
    [InlineData("softmax")]
    [InlineData("run")]
    public void A_network_may_be_called_as_a_class_or_member_of_its_code(string name)
    {
        Int8Model model = TinyModels.Of("images");
        TensorValue input = Input(model, 3);

        Assert.Equal(Int8Reference.Run(model, input, 0).Int8, Managed.Of(model, name).Network.Run(input.Int8));
    }

    /// <summary>What is emitted is what the network needs, and no directive of the templates is left.</summary>
    [Fact]
    public void Code_for_adapters_terms_is_emitted_where_there_are_any()
    {
        Int8Model model = TinyModels.Of("images");
        Managed with = Managed.Of(model, "images");
        Managed without = Managed.Of(model with { Adapters = [] }, "images");

        Assert.Contains("Mcu/AdapterTerms.cs", with.Emission.Files.Keys);
        Assert.DoesNotContain("Mcu/AdapterTerms.cs", without.Emission.Files.Keys);
        Assert.All(with.Emission.Files.Concat(without.Emission.Files), f => Assert.DoesNotContain("#if", f.Value, StringComparison.Ordinal));
        Assert.Equal(with.Network.Run(Input(model, 4).Int8), without.Network.Run(Input(model, 4).Int8));
    }

    [Fact]
    public void Equal_input_gives_equal_files()
    {
        NanoEmission first = Managed.Of(TinyModels.Of("images"), "images").Emission;
        NanoEmission second = Managed.Of(TinyModels.Of("images"), "images").Emission;

        Assert.Equal(first.Files, second.Files);
    }

    [Fact]
    public void An_index_without_adapter_is_refused_and_changes_nothing()
    {
        Int8Model model = TinyModels.Of("images");
        ManagedNetwork network = Managed.Of(model, "images").Network;
        TensorValue input = Input(model, 3);

        Assert.True(network.Select(1));
        Assert.False(network.Select(-1));
        Assert.False(network.Select(3));

        Assert.Equal(Int8Reference.Run(model, input, 1).Int8, network.Run(input.Int8));
    }

    [Fact]
    public void An_array_of_another_length_is_an_argument_error()
    {
        ManagedNetwork network = Managed.Of(TinyModels.Of("vectors"), "vectors").Network;

        Assert.Throws<ArgumentException>(() => network.Run(new sbyte[12]));
        Assert.Throws<ArgumentNullException>(() => network.Run(null!));
    }

    [Theory]
    [InlineData("kws")]
    [InlineData("vww")]
    [InlineData("ic")]
    [InlineData("ad")]
    [InlineData("sww")]
    public void Public_networks_give_the_golden_bytes_and_meet_the_limits(string name)
    {
        Managed managed = Managed.Of(GoldenModel.Compile(name, "cortex-m0plus").Program, name);
        byte[] inputs = GoldenModel.Inputs(managed.Network.InputLength);
        sbyte[] all = new sbyte[inputs.Length];
        Buffer.BlockCopy(inputs, 0, all, 0, inputs.Length);

        IEnumerable<sbyte> outputs = all.Chunk(managed.Network.InputLength).SelectMany(managed.Network.Run);

        Assert.Equal(GoldenModel.Expected(name), outputs.Select(v => (byte)v));
        Assert.Empty(IlChecker.Check(managed.Assembly));
    }

    [Fact]
    public void A_transformer_gives_the_references_bytes_and_meets_the_limits()
    {
        Int8Model model = TransformerTests.Load(TransformerTests.Plain).Model;
        Managed managed = Managed.Of(model, "cct");

        for (int seed = 0; seed < 4; seed++)
        {
            TensorValue input = Input(model, seed);
            Assert.Equal(Int8Reference.Run(model, input, 0).Int8, managed.Network.Run(input.Int8));
        }

        Assert.Empty(IlChecker.Check(managed.Assembly));
    }

    /// <summary>One object keeps the demo's network and its three adapters; each choice gives the bytes of the C form on the host, and the base comes back.</summary>
    [Fact]
    public async Task One_object_switches_the_demos_adapters_as_the_C_form_does()
    {
        await Firmware.SkipWithoutToolsAsync("host");
        var options = new CompileOptions
        {
            BasePath = DemoFiles.Base,
            CalibrationPath = DemoFiles.Calibration,
            AdapterPaths = [DemoFiles.Adapter("factory-lora"), DemoFiles.Adapter("factory-bitfit"), DemoFiles.Adapter("accent-lora")],
            AdapterMode = AdapterModeChoice.Side,
            Target = Firmware.Target("host"),
        };
        byte[] samples = (await File.ReadAllBytesAsync(TestData.Repo("tests/demo/calibration.bin"), TestContext.Current.CancellationToken))[..(8 * DemoFiles.Elements)];
        FirmwareModelRunner host = await Firmware.RunnerAsync(Firmware.Compile(options).Files, "host");
        ManagedNetwork network = Managed.Of(Firmware.Compile(options with { Target = Firmware.Target("cortex-m0plus") }).Program, "demo").Network;
        byte[] before = [];
        foreach (int adapter in (int[])[0, 1, 2, 3, 0])
        {
            byte[] expected = (await host.RunAsync(samples, adapter, TestContext.Current.CancellationToken)).Outputs;

            Assert.True(network.Select(adapter));
            Assert.Equal(expected, samples.Select(b => (sbyte)b).Chunk(network.InputLength).SelectMany(network.Run).Select(v => (byte)v));
            Assert.NotEqual(before, expected);
            before = expected;
        }
    }

    private static TensorValue Input(Int8Model model, int seed)
    {
        Tensor tensor = model.Graph[model.Graph.Inputs[0]];
        var random = new Random(seed);
        return new TensorValue(tensor.Shape, [.. Enumerable.Range(0, (int)tensor.Shape.Elements).Select(_ => (sbyte)random.Next(-128, 128))]);
    }
}
