using System.Collections.Immutable;
using System.Globalization;
using Mcu.Emulation.Evaluation;
using Mcu.Generator.Adapters;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;
using Mcu.Generator.Planning;
using Mcu.Tests.Deltas;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Device;

/// <summary>What the ability to take deltas costs firmware that has none attached, and that compiled-in adapters agree with its ABI.</summary>
public sealed class DeltaBudgetTests
{
    private static readonly string[] SizeFlags = ["-std=c99", "-Os", "-mthumb", "-mcpu=cortex-m4", "-ffunction-sections", "-fdata-sections"];

    /// <summary>
    /// Validation, attachment, selection, detachment, self-tests, CRC and slots, and by what the network's own file grows: its table of
    /// layers, its ABI, and the calls that choose each layer's constants.
    /// </summary>
    [Theory]
    [InlineData("demo", 1)]
    [InlineData("demo", 8)]
    [InlineData("kws", 1)]
    [InlineData("kws", 8)]
    public async Task All_that_the_device_needs_for_deltas_takes_at_most_4096_bytes_of_flash(string name, int images)
    {
        await Firmware.SkipWithoutToolsAsync("cortex-m4");
        DeltaCase source = DeltaCase.Of(name, KernelSet.Dsp);
        string with = Firmware.Write(Firmware.Emit(source.Model.Base, "cortex-m4", deltas: new DeltaSupport(images, 4)));
        string without = Firmware.Write(Firmware.Emit(source.Model.Base, "cortex-m4"));

        string[] objects = [.. await Task.WhenAll(((string[])["net_delta", "mcu/mcu_delta", "mcu/mcu_delta_check", "mcu/mcu_delta_view", "mcu/mcu_slots", "mcu/mcu_crc32"]).Select(file => ObjectAsync(with, file)))];
        int code = await FlashAsync(objects);
        int network = await FlashAsync(await ObjectAsync(with, "net")) - await FlashAsync(await ObjectAsync(without, "net"));

        TestContext.Current.TestOutputHelper?.WriteLine($"{name}, {images}: {code} bytes of code, {network} in the network's file, {code + network} together");
        int cose = await FlashAsync(await ObjectAsync(with, "mcu/mcu_cose"));
        TestContext.Current.TestOutputHelper?.WriteLine($"apart: mcu_cose {cose}");
        Assert.True(code > 1000 && network > 100 && cose > 100, "not all was counted");
        Assert.InRange(code + network, 1000, 4096);
    }

    /// <summary>
    /// Arena, state and stack of an inference in side path over the base's: on the keyword network at most a hundredth of the arena and
    /// 4 bytes per rank and layer; on the demo's, whose arena is half as large, what it takes there.
    /// </summary>
    [Theory]
    [InlineData("demo", 148)]
    [InlineData("kws", null)]
    public async Task Ram_grows_by_at_most_a_hundredth_of_the_arena_and_4_bytes_per_rank_and_layer_in_side_path(string name, int? budget)
    {
        const int rank = 4;
        await Firmware.SkipWithoutToolsAsync("cortex-m4");
        DeltaCase source = DeltaCase.Of(name, KernelSet.Dsp);
        BoundAdapter adapter = source.Model.Adapters.First(a => a.Patches.Any(p => p is LoraPatch));
        DeltaImage image = source.Pack(adapter, AdapterModeChoice.Side);
        int layers = image.Layers.Count(l => l is { Terms.Length: > 0 });

        Ram without = await RamAsync(source, DeltaSupport.None, []);
        Ram with = await RamAsync(source, new DeltaSupport(1, rank), [source.Bytes(image)]);

        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {without} -> {with}, {layers} layers in side path");
        Assert.True(layers >= 4, $"{layers} layers");
        Assert.InRange(with.Total - without.Total, 12, budget ?? ((without.Arena / 100) + (4 * rank * layers)));
    }

    [Theory]
    [InlineData("cortex-m4")]
    [InlineData("cortex-m0plus")]
    public async Task The_base_takes_at_most_a_thousandth_more_instructions_in_firmware_that_takes_deltas(string target)
    {
        await Firmware.SkipWithoutToolsAsync(target);
        DeltaCase kws = DeltaCase.Of("kws", Firmware.Target(target).Isa.Dsp ? KernelSet.Dsp : KernelSet.Portable);

        RunMeasurements without = await RunAsync(kws, target, DeltaSupport.None);
        RunMeasurements with = await RunAsync(kws, target, new DeltaSupport(1, 4));

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{target}: instructions {without.MedianInstructions} -> {with.MedianInstructions}, stack {without.StackBytes} -> {with.StackBytes}, code {without.CodeBytes} -> {with.CodeBytes}");
        Assert.Equal(without.Outputs, with.Outputs);
        Assert.InRange(with.MedianInstructions!.Value, without.MedianInstructions!.Value, without.MedianInstructions.Value + (without.MedianInstructions.Value / 1000));
    }

    [Fact]
    public void An_adapter_that_takes_a_layer_off_the_fast_path_is_refused_beside_deltas()
    {
        DeltaCase demo = DeltaCase.Of("demo", KernelSet.Dsp);
        DeltaSlot slot = demo.Abi.Slots.First(s => s.IsFast);
        LinearLayer left = slot.Linear with { Shifts = slot.Linear.Shifts.Select(_ => 1).ToEquatableArray() };
        var variant = ImmutableDictionary<string, LayerVariant>.Empty.Add(slot.Node.Name, new LayerVariant(AdapterMode.MergeCopy, left));
        Int8Model model = demo.Model.Base with { Adapters = [new Int8Adapter("left", "", variant)] };

        Assert.True(ArenaOf(model, KernelSet.Dsp, DeltaSupport.None) > 0);
        DiagnosticException refusal = Assert.Throws<DiagnosticException>(() => ArenaOf(model, KernelSet.Dsp, new DeltaSupport(1, 4)));

        Assert.Equal("MCU1231", refusal.Diagnostic.Code);
        Assert.Contains(slot.Node.Name, refusal.Diagnostic.Location, StringComparison.Ordinal);
    }

    private static async Task<Ram> RamAsync(DeltaCase source, DeltaSupport support, byte[][] images)
    {
        string folder = Firmware.Write(Firmware.Emit(source.Model.Base, "cortex-m4", deltas: support));
        var runner = new FirmwareModelRunner(folder, Firmware.Target("cortex-m4"), new()) { Deltas = [.. images.Select(i => new ReadOnlyMemory<byte>(i))] };
        RunMeasurements run = await runner.RunAsync(source.Model.Inputs, 0, TestContext.Current.CancellationToken);
        string state = Path.Combine(TestFolder.Create("state"), "state.c");
        await File.WriteAllTextAsync(state, "#include \"net.h\"\nnet_t state = {0};\n", TestContext.Current.CancellationToken);
        string compiled = await ObjectAsync(folder, state[..^2]);
        (_, string symbols, _) = await Emission.Compilers.ProcessAsync("arm-none-eabi-nm", ["-S", compiled]);
        int bytes = int.Parse(symbols.Split('\n').Single(line => line.EndsWith(" state", StringComparison.Ordinal)).Split(' ')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new Ram(run.ArenaBytes!.Value, bytes, run.StackBytes!.Value);
    }

    /// <param name="file">Path without extension, in the folder or anywhere.</param>
    private static async Task<string> ObjectAsync(string folder, string file)
    {
        string output = Path.Combine(TestFolder.Create("object"), Path.GetFileName(file) + ".o");
        Assert.Equal("", await Emission.Compilers.RunAsync("arm-none-eabi-gcc", [.. SizeFlags, "-I" + folder, "-I" + Path.Combine(folder, "mcu"), "-c", Path.Combine(folder, file + ".c"), "-o", output]));
        return output;
    }

    /// <summary>Code and constants of object files.</summary>
    private static async Task<int> FlashAsync(params string[] objects)
    {
        (_, string table, _) = await Emission.Compilers.ProcessAsync("arm-none-eabi-size", ["-t", .. objects]);
        TestContext.Current.TestOutputHelper?.WriteLine(table);
        string[] total = table.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return int.Parse(total[0], CultureInfo.InvariantCulture) + int.Parse(total[1], CultureInfo.InvariantCulture);
    }

    private sealed record Ram(int Arena, int State, int Stack)
    {
        public int Total => Arena + State + Stack;
    }

    private static int ArenaOf(Int8Model model, KernelSet kernels, DeltaSupport deltas) =>
        CProgramBuilder.Build(model, kernels, deltas, PlannerOptions.Default, new DiagnosticBag(), TestContext.Current.CancellationToken).ArenaBytes;

    private static async Task<RunMeasurements> RunAsync(DeltaCase source, string target, DeltaSupport support)
    {
        string folder = Firmware.Write(Firmware.Emit(source.Model.Base, target, "net", deltas: support));
        return await new FirmwareModelRunner(folder, Firmware.Target(target), new()).RunAsync(source.Model.Inputs, 0, TestContext.Current.CancellationToken);
    }
}
