using Mcu.Generator.Adapters;
using Mcu.Generator.Calibration;
using Mcu.Generator.Deltas;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Int8;

/// <summary>A base in int8, with what it takes to add adapters to it.</summary>
/// <param name="Model">Without adapters.</param>
/// <param name="Calibration">The float base and its ranges; null where the base is an int8 network.</param>
public sealed record QuantizedBase(Int8Model Model, BaseCalibration? Calibration)
{
    /// <summary>Canonical float graph; null where the base is an int8 network.</summary>
    public Graph? Float => Calibration?.Base;

    /// <summary>The model with one more adapter: tables from an image, tables of layers, or a network of its own.</summary>
    /// <param name="model">The base with the adapters before it.</param>
    public Int8Model Add(Int8Model model, BoundAdapter adapter, AdapterModeChoice mode, DiagnosticBag notes, CancellationToken cancellation) =>
        adapter.Delta is { } delta ? DeltaAdapter.Add(model, delta, adapter)
        : adapter.Structure is null ? Int8AdapterBuilder.Add(model, Float, adapter, mode)
        : StructuralPrograms.Add(model, Calibration!, adapter, notes, cancellation);
}
