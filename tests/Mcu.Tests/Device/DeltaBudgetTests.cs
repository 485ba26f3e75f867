using System.Collections.Immutable;
using Mcu.Emulation.Evaluation;
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
    /// <summary>Pointer, set, and selected adapter in <c>NET_t</c> on a 32-bit core with --deltas 1.</summary>
    private const int StateBytes = 4 + 4 + 4;

    [Theory]
    [InlineData(KernelSet.Dsp)]
    [InlineData(KernelSet.Portable)]
    public void Arena_and_state_grow_by_at_most_a_hundredth_and_4_bytes_per_rank_and_layer_in_side_path(KernelSet kernels)
    {
        const int rank = 4;
        const int layersInSidePath = 5;
        Int8Model kws = DeltaCase.Of("kws", kernels).Model.Base;

        int without = ArenaOf(kws, kernels, DeltaSupport.None);
        int with = ArenaOf(kws, kernels, new DeltaSupport(1, rank));

        TestContext.Current.TestOutputHelper?.WriteLine($"arena {without} without, {with} with deltas of rank {rank}");
        Assert.InRange(with + StateBytes - without, StateBytes, (without / 100) + (4 * rank * layersInSidePath));
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

    private static int ArenaOf(Int8Model model, KernelSet kernels, DeltaSupport deltas) =>
        CProgramBuilder.Build(model, kernels, deltas, PlannerOptions.Default, new DiagnosticBag(), TestContext.Current.CancellationToken).ArenaBytes;

    private static async Task<RunMeasurements> RunAsync(DeltaCase source, string target, DeltaSupport support)
    {
        string folder = Firmware.Write(Firmware.Emit(source.Model.Base, target, "net", deltas: support));
        return await new FirmwareModelRunner(folder, Firmware.Target(target), new()).RunAsync(source.Model.Inputs, 0, TestContext.Current.CancellationToken);
    }
}
