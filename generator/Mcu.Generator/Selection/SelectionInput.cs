using Mcu.Generator.Adapters;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;

namespace Mcu.Generator.Selection;

/// <summary>A base as compiled for a target, and one large delta taken apart.</summary>
/// <param name="Abi">Of the base.</param>
/// <param name="Tuned">The delta.</param>
public sealed record SelectionInput(LoadedModel Loaded, DeltaAbi Abi, BoundAdapter Tuned, IReadOnlyList<LayerChange> Changes)
{
    /// <summary>Reads, quantises and lowers the base, and compares the adapter with it.</summary>
    /// <exception cref="DiagnosticException">MCU1302 unless there is exactly one adapter that is not an image; all of the compiler's.</exception>
    public static SelectionInput Prepare(CompileOptions options, DiagnosticBag notes, Pipeline.Progress? progress, CancellationToken cancellation)
    {
        if (options.AdapterPaths is not [string path] || DeltaFile.IsNamed(path))
        {
            throw new DiagnosticException("MCU1302", "A selection is made from one adapter in real numbers.", "--adapter", "Give --adapter once, with an adapter folder or a tuned model.");
        }

        if (options.DeadChannels == DeadChannelChoice.Remove)
        {
            throw new DiagnosticException(
                "MCU1305", "A selection is made among all channels.", "--dead-channels", "Leave it out; then 'mcu delta pack BASE --adapter IMAGE --dead-channels remove' fits the image to firmware without dead channels.");
        }

        progress?.Invoke("read", 0);
        LoadedModel loaded = Pipeline.Load(options, notes);
        StructuralPrograms.Refuse(loaded.Adapters[0]);
        LoadedModel bare = loaded with { Adapters = EquatableArray<BoundAdapter>.Empty };
        Int8Model model = Pipeline.Quantize(bare, options, notes, progress, cancellation);
        progress?.Invoke("plan", 0);
        var abi = DeltaAbi.Of(Pipeline.Lower(model, options with { DeadChannels = DeadChannelChoice.Keep }, notes, cancellation));
        BoundAdapter tuned = loaded.Adapters[0];
        return new SelectionInput(loaded, abi, tuned, LayerChanges.Of(abi.Model, loaded.Canonical.IsInt8 ? null : loaded.Canonical, tuned));
    }

    /// <summary>The base with one selection as adapter 1.</summary>
    public Int8Model With(SelectedDelta delta) => Abi.Model with { Adapters = [delta.ToAdapter(Tuned.Name, Tuned.Sha256)] };

    /// <summary>The image of a selection; its length is the selection's <see cref="SelectedDelta.Bytes"/>.</summary>
    public byte[] Pack(SelectedDelta delta, DeltaNumbers numbers) =>
        DeltaWriter.Write(DeltaPacker.Pack([delta.ToAdapter(Tuned.Name, Tuned.Sha256)], Abi, numbers), DeltaInterface.Of(Abi));
}
