using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>What a room adds to reach C: which kernel runs the node, with which constants.</summary>
public interface ICKernelRoom
{
    /// <summary>Folder under runtime-templates/c/kernels; null for an operator that needs no kernel.</summary>
    string? KernelFolder { get; }

    /// <summary>
    /// The node as a kernel call, or null when it moves nothing (its output is its input's memory). Throws MCU09xx where no
    /// kernel fits.
    /// </summary>
    LoweredLayer? Lower(LoweringContext context);
}

/// <summary>What lowering sees of one node.</summary>
/// <param name="View">The node in its graph.</param>
/// <param name="Layer">Prepared constants of the base.</param>
/// <param name="Variants">Per adapter of the model: its layer, or null where it keeps the base's.</param>
/// <param name="Kernels">Instruction set.</param>
public sealed record LoweringContext(NodeView View, Int8Layer Layer, EquatableArray<Int8Layer?> Variants, KernelSet Kernels)
{
    /// <summary>Room for low-rank terms of delta images; 0 for none.</summary>
    public int DeltaRank { get; init; }

    public bool TakesDeltas => DeltaRank > 0;

    public bool IsDsp => Kernels == KernelSet.Dsp;

    /// <summary>Suffix of kernels that exist per instruction set.</summary>
    public string KernelSuffix => IsDsp ? "__dsp" : "__c";

    /// <summary>The base's linear layer and every adapter's.</summary>
    public IEnumerable<LinearLayer> LinearLayers =>
        Layers.Cast<LinearLayer>();

    /// <summary>The base's layer and every adapter's.</summary>
    public IEnumerable<Int8Layer> Layers => Variants.OfType<Int8Layer>().Prepend(Layer);

    /// <summary>
    /// Whether the base and every adapter can take the kernels' fast path. The ABI of delta images knows the base alone, so with deltas
    /// the adapters must agree with it: MCU1231.
    /// </summary>
    /// <param name="fast">Of the base, then of each adapter that changes the layer.</param>
    public bool AgreeOn(IReadOnlyList<bool> fast)
    {
        bool all = fast.All(f => f);
        View.Require(
            all || !TakesDeltas || !fast[0],
            "MCU1231",
            "a compiled-in adapter takes this layer off the fast path, so delta images that were packed for the base would not fit this firmware",
            "Pack that adapter as a delta image too, or compile without --deltas.");
        return all;
    }

    /// <summary>Per adapter the tables of its layer, or null where it keeps the base's.</summary>
    public EquatableArray<LinearTables?> AdapterTables<T>(Func<T, LinearTables> tables)
        where T : Int8Layer => Variants.Select(v => v is T layer ? tables(layer) : null).ToEquatableArray();
}
