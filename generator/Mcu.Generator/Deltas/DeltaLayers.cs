using Mcu.Generator.Graphs;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>Between a layer of the graph and the sections of an image, both ways.</summary>
public static class DeltaLayers
{
    /// <summary>What <paramref name="variant"/> changes of the base's layer as compiled; null for nothing.</summary>
    public static DeltaLayer? Of(DeltaSlot slot, Int8Layer variant) =>
        variant is LayerNormalizationLayer norm ? DeltaNorms.Of((LayerNormalizationLayer)slot.Layer, norm) : Of(slot, (LinearLayer)variant);

    /// <summary>The base's layer with an image's sections, for the int8 reference.</summary>
    public static Int8Layer Apply(DeltaSlot slot, DeltaLayer delta) =>
        slot.Layer is LayerNormalizationLayer norm ? DeltaNorms.Apply(norm, delta) : ApplyLinear(slot, delta);

    private static DeltaLayer? Of(DeltaSlot slot, LinearLayer variant)
    {
        bool isDepthwise = slot.Kind == LinearKind.Depthwise;
        bool hasWeights = variant.Weights != slot.Linear.Weights;
        LinearLayer layer = hasWeights ? ConstantOutputs.Rescale(variant, slot.Depth, isDepthwise) : variant;
        EquatableArray<sbyte> weights = OutputsFirst(layer.Weights, slot.Outputs, isDepthwise);
        bool hasRequant = hasWeights || layer.Multipliers != slot.Linear.Multipliers || layer.Shifts != slot.Linear.Shifts;
        var delta = new DeltaLayer
        {
            Bias = hasWeights || layer.Bias != slot.Linear.Bias ? Folded(layer.Bias, weights, slot.Depth, -slot.Linear.InputZeroPoint) : null,
            Requant = hasRequant ? new DeltaRequant(layer.Multipliers, layer.Shifts.Select(s => -s).ToEquatableArray()) : null,
            Weights = hasWeights ? weights : null,
            Terms = layer.Terms.ToEquatableArray(),
            Sparse = layer.Corrections is { Columns.Length: > 0 } ? layer.Corrections : null,
        };
        return delta.Sections == DeltaSections.None ? null : delta;
    }

    private static LinearLayer ApplyLinear(DeltaSlot slot, DeltaLayer delta)
    {
        LinearLayer layer = slot.Linear;
        bool isDepthwise = slot.Kind == LinearKind.Depthwise;
        EquatableArray<sbyte> weights = delta.Weights ?? OutputsFirst(layer.Weights, slot.Outputs, isDepthwise);
        DeltaRequant requant = delta.Requant ?? new DeltaRequant(layer.Multipliers, layer.Shifts.Select(s => -s).ToEquatableArray());
        return layer with
        {
            Weights = delta.Weights is null ? layer.Weights : OutputsLast(weights, slot.Outputs, isDepthwise),
            Bias = delta.Bias is { } bias ? Folded(bias, weights, slot.Depth, layer.InputZeroPoint) : layer.Bias,
            Multipliers = requant.Multipliers,
            Shifts = requant.Shifts.Select(s => -s).ToEquatableArray(),
            WeightScales = delta.Requant is null ? layer.WeightScales : Scales(layer, requant),
            Side = delta.Terms.Length == 0 ? null : delta.Terms[0],
            FurtherSides = delta.Terms.Skip(1).ToEquatableArray(),
            Corrections = delta.Sparse,
        };
    }

    /// <summary>How reports call the change.</summary>
    public static AdapterMode ModeOf(DeltaSlot slot, DeltaLayer delta) =>
        slot.Kind == LinearKind.Norm ? AdapterMode.Norm
        : delta.Weights is not null ? AdapterMode.MergeCopy
        : delta.Terms.Length > 0 ? AdapterMode.Side
        : delta.Sparse is not null ? AdapterMode.MergeSparse
        : delta.Requant is not null ? AdapterMode.Requant
        : AdapterMode.Bias;

    /// <summary><c>bias + factor·Σw</c> per output, wrapped as the device's sums are: images may hold any bias until they are checked.</summary>
    private static EquatableArray<int> Folded(EquatableArray<int> bias, EquatableArray<sbyte> weights, int depth, int factor)
    {
        var folded = new int[bias.Length];
        for (int o = 0; o < folded.Length; o++)
        {
            int sum = 0;
            foreach (sbyte weight in weights.Span.Slice(o * depth, depth))
            {
                sum += weight;
            }

            folded[o] = unchecked(bias[o] + (factor * sum));
        }

        return EquatableArray.Wrap(folded);
    }

    /// <summary>Weight scales that give these multipliers at the layer's activations.</summary>
    private static EquatableArray<float> Scales(LinearLayer layer, DeltaRequant requant) =>
        requant.Multipliers.Select((m, o) => (float)(Math.ScaleB(m, -31 - requant.Shifts[o]) * layer.OutputScale / layer.InputScale)).ToEquatableArray();

    /// <summary>Depthwise weights <c>[taps, outputs]</c> become <c>[outputs, taps]</c>; others are so already.</summary>
    internal static EquatableArray<sbyte> OutputsFirst(EquatableArray<sbyte> weights, int outputs, bool isDepthwise) =>
        isDepthwise ? Transposed(weights, weights.Length / outputs, outputs) : weights;

    private static EquatableArray<sbyte> OutputsLast(EquatableArray<sbyte> weights, int outputs, bool isDepthwise) =>
        isDepthwise ? Transposed(weights, outputs, weights.Length / outputs) : weights;

    private static EquatableArray<sbyte> Transposed(EquatableArray<sbyte> matrix, int rows, int columns)
    {
        var turned = new sbyte[matrix.Length];
        for (int i = 0; i < turned.Length; i++)
        {
            turned[((i % columns) * rows) + (i / columns)] = matrix[i];
        }

        return EquatableArray.Wrap(turned);
    }
}
