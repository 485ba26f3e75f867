using System.Collections.Immutable;
using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Selection;

/// <summary>What is kept of one layer's change.</summary>
/// <param name="Weights">In order of position.</param>
public sealed record LayerSelection(LayerChange Change, EquatableArray<WeightChange> Weights, bool KeepsBias)
{
    /// <summary>The base's layer with what is kept; the base's scales stay.</summary>
    public LayerVariant ToVariant()
    {
        LinearLayer layer = Change.Source.Layer;
        if (KeepsBias)
        {
            layer = layer with { Bias = Change.Bias!.Value };
        }

        return Weights.Length == 0
            ? new LayerVariant(AdapterMode.Bias, layer)
            : new LayerVariant(AdapterMode.MergeSparse, layer with { Corrections = Corrections() });
    }

    /// <summary>The kept weights by row.</summary>
    public SparseCorrection Corrections()
    {
        int depth = Change.Source.Depth;
        var starts = new int[Change.Source.Outputs + 1];
        foreach (WeightChange weight in Weights)
        {
            starts[(weight.Position / depth) + 1]++;
        }

        for (int o = 1; o < starts.Length; o++)
        {
            starts[o] += starts[o - 1];
        }

        return new SparseCorrection(
            EquatableArray.Wrap(starts),
            Weights.Select(w => w.Position % depth).ToEquatableArray(),
            Weights.Select(w => w.Difference).ToEquatableArray());
    }
}

/// <summary>A part of a large delta that fits a budget.</summary>
/// <param name="Bytes">Size of the unsigned image.</param>
public sealed record SelectedDelta(EquatableArray<LayerSelection> Layers, int Bytes)
{
    public int Weights => Layers.Sum(l => l.Weights.Length);

    /// <summary>Layers whose bias is kept.</summary>
    public int Biases => Layers.Count(l => l.KeepsBias);

    /// <summary>The selection as an adapter of the int8 model it was made for.</summary>
    public Int8Adapter ToAdapter(string name, string sha256) =>
        new(name, sha256, Layers.ToImmutableDictionary(l => l.Change.NodeName, l => l.ToVariant(), StringComparer.Ordinal));
}
