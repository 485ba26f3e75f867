using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>
/// What one adapter changes in one compiled network (docs/DELTA-FORMAT.md): the content of a <c>.mcud</c> file without its
/// signature, free of the packing of its tables.
/// </summary>
/// <param name="Parents">Hashes of the bodies that the image was composed from.</param>
/// <param name="Layers">One entry per layer of the ABI; null where the layer is unchanged.</param>
public sealed record DeltaImage(
    DeltaHeader Header, EquatableArray<DeltaHash> Parents, EquatableArray<DeltaSelfTest> SelfTests, EquatableArray<DeltaLayer?> Layers);

/// <summary>Which firmware the image fits, and what its maker calls it.</summary>
/// <param name="Base">Hash of the base model's file.</param>
/// <param name="Abi">Hash of the ABI's text.</param>
/// <param name="Id">Number of the product's own choosing.</param>
/// <param name="Version">Of the delta, for people and logs.</param>
/// <param name="SecurityCounter">Devices refuse an image below the largest counter that they have confirmed.</param>
public sealed record DeltaHeader(DeltaHash Base, DeltaHash Abi, uint Id, uint Version, uint SecurityCounter);

/// <summary>An input made from a seed, and the CRC-32 of the output bytes that it gives.</summary>
public sealed record DeltaSelfTest(uint Seed, uint OutputCrc32);

/// <summary>The sections of one changed layer; at least one is there.</summary>
public sealed record DeltaLayer
{
    /// <summary>Start values of the accumulators, input zero point folded in, or beta; null for the base's.</summary>
    public EquatableArray<int>? Bias { get; init; }

    /// <summary>Per output multiplier and shift to the right; null for the base's.</summary>
    public DeltaRequant? Requant { get; init; }

    /// <summary><c>[outputs, depth]</c>; null for the base's.</summary>
    public EquatableArray<sbyte>? Weights { get; init; }

    /// <summary>Gamma of a layer normalisation; null for the base's.</summary>
    public EquatableArray<short>? Gamma { get; init; }

    /// <summary>Low-rank terms in order of attachment.</summary>
    public EquatableArray<SidePath> Terms { get; init; }

    /// <summary>Changed weights; null for none.</summary>
    public SparseCorrection? Sparse { get; init; }

    /// <summary>What is there, without <see cref="DeltaSections.More"/>.</summary>
    public DeltaSections Sections =>
        (Bias is null ? 0 : DeltaSections.Bias) | (Requant is null ? 0 : DeltaSections.Requant) | (Weights is null && Gamma is null ? 0 : DeltaSections.Weights)
        | (Terms.Length == 0 ? 0 : DeltaSections.Lora) | (Sparse is null ? 0 : DeltaSections.Sparse);
}

/// <summary>Requantisation of a layer's outputs.</summary>
/// <param name="Shifts">To the right, 0 to 31.</param>
public sealed record DeltaRequant(EquatableArray<int> Multipliers, EquatableArray<int> Shifts);
