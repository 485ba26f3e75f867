using System.Runtime.InteropServices;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Verification;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Structural;

/// <summary>One firmware with every structural adapter and a LoRA: each selected in turn, byte for byte as the int8 reference and as its own build.</summary>
public sealed class StructuralFirmwareTests
{
    private static readonly Lazy<(LoadedModel Loaded, Int8Model Model, CompileResult Compiled)> All = new(() => Compiled([.. CctAdapters.Names.Select(Path), Lora()]));

    public static TheoryData<string> Targets => ["host", "cortex-m4", "cortex-m55", "cortex-m0plus"];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Firmware_equals_the_reference_under_every_adapter(string target)
    {
        TestData.Shared("onnx/cct_16_8/network.onnx");
        Int8Model model = All.Value.Model;
        byte[] inputs = Inputs(model);
        var reference = new ReferenceRunner(model);
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target, "cct");
        CancellationToken token = TestContext.Current.CancellationToken;
        var outputs = new HashSet<string>(StringComparer.Ordinal);
        int[] order = [0, 5, 7, 0, 1, 4, 2, 3, 6];
        foreach (int adapter in order)
        {
            RunMeasurements expected = await reference.RunAsync(inputs, adapter, token);
            RunMeasurements actual = await firmware.RunAsync(inputs, adapter, token);

            TestContext.Current.TestOutputHelper?.WriteLine($"{target} {(adapter == 0 ? "base" : model.Adapters[adapter - 1].Name)}: {actual.MedianInstructions} instructions, arena {actual.ArenaBytes}, code {actual.CodeBytes}, weights {actual.WeightBytes}, adapters {actual.AdapterBytes}");
            Assert.True(expected.Outputs.AsSpan().SequenceEqual(actual.Outputs), adapter == 0 ? "base" : model.Adapters[adapter - 1].Name);
            outputs.Add(Convert.ToHexString(expected.Outputs));
        }

        Assert.Equal(order.Distinct().Count(), outputs.Count);
    }

    /// <summary>Among base, two adapters that add nodes and a LoRA: each gives the bytes of a build with that adapter alone.</summary>
    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task A_selected_adapter_equals_its_own_build(string target)
    {
        TestData.Shared("onnx/cct_16_8/network.onnx");
        string[] adapters = [Path("prefix"), Lora(), Path("houlsby")];
        CancellationToken token = TestContext.Current.CancellationToken;
        Int8Model together = Compiled(adapters).Item2;
        byte[] inputs = Inputs(together);
        FirmwareModelRunner switching = await Firmware.RunnerAsync(together, target, "cct");
        FirmwareModelRunner bare = await Firmware.RunnerAsync(Compiled([]).Item2, target, "cct");

        Assert.Equal((await bare.RunAsync(inputs, 0, token)).Outputs, (await switching.RunAsync(inputs, 0, token)).Outputs);
        for (int i = 0; i < adapters.Length; i++)
        {
            FirmwareModelRunner own = await Firmware.RunnerAsync(Compiled([adapters[i]]).Item2, target, "cct");
            Assert.Equal((await own.RunAsync(inputs, 1, token)).Outputs, (await switching.RunAsync(inputs, i + 1, token)).Outputs);
        }
    }

    /// <summary>Without files from outside: every kind on a tiny transformer.</summary>
    [Theory]
    [InlineData("host")]
    [InlineData("cortex-m4")]
    public async Task Tiny_firmware_equals_the_reference_under_every_adapter(string target)
    {
        CompileResult compiled = Firmware.Compile(TinyTransformer.Options([.. TinyTransformer.Names.Select(name => TinyTransformer.Of(name).Write())]));
        Int8Model model = compiled.Model;
        byte[] inputs = [.. TinyTransformer.Samples(50, 8).SelectMany(s => MemoryMarshal.AsBytes<sbyte>(Int8Samples.Quantize(s, model.Graph["x"]).Int8).ToArray())];
        FirmwareModelRunner firmware = await Firmware.RunnerAsync(model, target, "tiny");
        CancellationToken token = TestContext.Current.CancellationToken;
        var outputs = new HashSet<string>(StringComparer.Ordinal);
        for (int adapter = 0; adapter <= model.Adapters.Length; adapter++)
        {
            RunMeasurements expected = await new ReferenceRunner(model).RunAsync(inputs, adapter, token);
            RunMeasurements actual = await firmware.RunAsync(inputs, adapter, token);

            Assert.True(expected.Outputs.AsSpan().SequenceEqual(actual.Outputs), adapter == 0 ? "base" : TinyTransformer.Names[adapter - 1]);
            outputs.Add(Convert.ToHexString(expected.Outputs));
        }

        Assert.Equal(model.Adapters.Length + 1, outputs.Count);
    }

    /// <summary>Flash, RAM and instructions over the base of a firmware with the base and one adapter; the bounds leave some room above what was measured.</summary>
    [Theory]
    [InlineData("houlsby", 1.12, 1.05)]
    [InlineData("pfeiffer", 1.08, 1.05)]
    [InlineData("parallel", 1.08, 1.05)]
    [InlineData("prefix", 1.12, 1.15)]
    [InlineData("prompt", 1.13, 1.2)]
    public async Task Cost_over_the_base_on_a_cortex_m4(string method, double instructions, double arena)
    {
        TestData.Shared("onnx/cct_16_8/network.onnx");
        CancellationToken token = TestContext.Current.CancellationToken;
        Int8Model model = Compiled([Path(method)]).Item2;
        FirmwareModelRunner both = await Firmware.RunnerAsync(model, "cortex-m4", "cct");
        FirmwareModelRunner bare = await Firmware.RunnerAsync(Compiled([]).Item2, "cortex-m4", "cct");

        RunMeasurements without = await bare.RunAsync(Inputs(model), 0, token);
        RunMeasurements none = await both.RunAsync(Inputs(model), 0, token);
        RunMeasurements with = await both.RunAsync(Inputs(model), 1, token);

        TestContext.Current.TestOutputHelper?.WriteLine($"{method}: constants {with.AdapterBytes}, code {with.CodeBytes - without.CodeBytes}, arena {with.ArenaBytes - without.ArenaBytes}, instructions {with.MedianInstructions - without.MedianInstructions} over {without.MedianInstructions}; unselected {none.MedianInstructions - without.MedianInstructions}");
        Assert.InRange(with.MedianInstructions!.Value, without.MedianInstructions!.Value + 1, (long)(instructions * without.MedianInstructions.Value));
        Assert.InRange(none.MedianInstructions!.Value, without.MedianInstructions.Value - 100, without.MedianInstructions.Value + 100);
        Assert.InRange(with.ArenaBytes!.Value, without.ArenaBytes!.Value, (int)(arena * without.ArenaBytes.Value));
    }

    /// <summary>
    /// Weights of the base stay where they are: an adapter's flash is far below the base's; the arena fits the largest network; report and
    /// manifest say so.
    /// </summary>
    [Fact]
    public void Flash_and_arena_are_reported_per_adapter()
    {
        TestData.Shared("onnx/cct_16_8/network.onnx");
        CompileResult compiled = All.Value.Compiled;
        CompileResult bare = Compiled([]).Item3;
        int[] flash = [.. compiled.Report.Adapters.Select(a => a.FlashBytes)];

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join("; ", compiled.Report.Adapters.Select(a => $"{a.Name} flash {a.FlashBytes}, arena {a.Program?.ArenaBytes}, macs {a.Program?.Macs}")) + $"; base {bare.Report.Totals}");
        Assert.Equal(bare.Report.Totals.WeightBytes, compiled.Report.Totals.WeightBytes);
        Assert.Equal(compiled.Report.Totals.AdapterBytes, flash.Sum());
        Assert.All(flash, bytes => Assert.InRange(bytes, 50, 2500));
        Assert.Equal(compiled.Report.Totals.ArenaBytes, compiled.Report.Adapters.Max(a => a.Program?.ArenaBytes ?? 0));
        Assert.Equal(compiled.Report.Adapters.Select(a => a.Program?.ArenaBytes), compiled.Manifest.Adapters.Skip(1).Select(a => a.ArenaBytes));
        Assert.All(compiled.Report.Adapters.Take(6), a => Assert.True(a.Program!.Macs > bare.Report.Totals.Macs, a.Name));
    }

    /// <summary>Images that did not calibrate; the floors are 3 dB below what was measured: twice the noise.</summary>
    [Theory]
    [InlineData(1, 27.7)]
    [InlineData(2, 23)]
    [InlineData(3, 32.8)]
    [InlineData(4, 27.4)]
    [InlineData(5, 29.5)]
    [InlineData(6, 23.8)]
    public void Int8_follows_the_float_network_with_the_adapter(int adapter, double decibels)
    {
        TestData.Shared("onnx/cct_16_8/network.onnx");
        Graph graph = FloatMerge.Apply(All.Value.Loaded.Canonical, All.Value.Loaded.Adapters[adapter - 1]);

        double measured = QuantizationQuality.Measure(graph, All.Value.Model, CctAdapters.Images(200, 12), adapter, TestContext.Current.CancellationToken).SignalToNoise;

        TestContext.Current.TestOutputHelper?.WriteLine($"{CctAdapters.Names[adapter - 1]}: {measured:F1} dB");
        Assert.InRange(measured, decibels, 80);
    }

    private static (LoadedModel, Int8Model, CompileResult) Compiled(string[] adapters)
    {
        CompileResult result = Firmware.Compile(CctAdapters.Options(adapters));
        return (result.Loaded, result.Model, result);
    }

    private static string Path(string method) => CctAdapters.Of(method).Write(method);

    private static string Lora() => new AdapterFolder(9).Lora("node_93_classifier_blocks_0_linear1_MatMul", [16, 8], 2, 1f).Lora("node_123_classifier_fc_Gemm", [10, 8], 2)
        .Write("lora", ("r", 2), ("lora_alpha", 4));

    private static byte[] Inputs(Int8Model model) =>
        [.. CctAdapters.Images(100, 3).SelectMany(s => MemoryMarshal.AsBytes<sbyte>(Int8Samples.Quantize(s, model.Graph[model.Graph.Inputs[0]]).Int8).ToArray())];
}
