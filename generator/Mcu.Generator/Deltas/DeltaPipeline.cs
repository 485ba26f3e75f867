using Mcu.Generator.Adapters;
using Mcu.Generator.Channels;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Deltas;

/// <summary>An image with its bytes and the network that it is for.</summary>
public sealed record PackedDelta(DeltaAbi Abi, DeltaImage Image, byte[] Body);

/// <summary>From files to a delta image.</summary>
public static class DeltaPipeline
{
    /// <summary>The ABI of a base under the options, without its adapters.</summary>
    public static DeltaAbi AbiOf(LoadedModel loaded, CompileOptions options, DiagnosticBag notes, Pipeline.Progress? progress, CancellationToken cancellation)
    {
        Int8Model model = Pipeline.Quantize(loaded with { Adapters = EquatableArray<BoundAdapter>.Empty }, options, notes, progress, cancellation);
        CompileOptions fixedChannels = options with { DeadChannels = options.DeadChannels == DeadChannelChoice.Remove ? DeadChannelChoice.Remove : DeadChannelChoice.Keep };
        Int8Model compiled = options.DeadChannels == DeadChannelChoice.Remove ? DeadChannels.RemoveOfBase(model) : model;
        return DeltaAbi.Of(compiled, KernelsOf(compiled, fixedChannels, notes, cancellation));
    }

    /// <summary>Packs the one adapter of the options for the network that the options compile.</summary>
    public static PackedDelta Pack(CompileOptions options, DeltaNumbers numbers, DiagnosticBag notes, Pipeline.Progress? progress, CancellationToken cancellation)
    {
        progress?.Invoke("read", 0);
        LoadedModel loaded = Pipeline.Load(options, notes);
        StructuralPrograms.Refuse(loaded.Adapters[0]);
        DeltaAbi abi = AbiOf(loaded, options, notes, progress, cancellation);
        progress?.Invoke("pack", 0);
        DeltaImage image = DeltaPacker.Pack(FormsOf(loaded.Adapters[0], abi, loaded.Canonical, options.AdapterMode), abi, numbers);
        return new PackedDelta(abi, image, DeltaWriter.Write(image, DeltaInterface.Of(abi)));
    }

    /// <summary>An image that is packed again, for another kind of core, has one form.</summary>
    private static IReadOnlyList<Int8Adapter> FormsOf(BoundAdapter adapter, DeltaAbi abi, Graph canonical, AdapterModeChoice mode) => adapter.Delta is { } delta
        ? [DeltaAdapter.Add(abi.Model, delta, adapter).Adapters[^1]]
        : DeltaPacker.Forms(abi, canonical.IsInt8 ? null : canonical, adapter, mode);

    /// <summary>Memory is planned only where it decides which kernels are used.</summary>
    private static KernelSet KernelsOf(Int8Model model, CompileOptions options, DiagnosticBag notes, CancellationToken cancellation) =>
        !options.Target.Isa.Dsp ? KernelSet.Portable
        : options.Optimize == OptimizationGoal.Speed ? KernelSet.Dsp
        : Pipeline.Lower(model, options, notes, cancellation).Kernels;
}
