using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>
/// Proves, as the device does before it attaches an image, that no accumulator of any attached image can overflow and that
/// fast layers keep to their requantisation's limits (docs/DELTA-FORMAT.md, "Limits that a loader checks").
/// </summary>
public static class DeltaChecker
{
    /// <summary>
    /// Checks images that are attached together. MCU1209 names the layer; pieces without a base's bias (an ABI known from its text
    /// alone) are checked with a bias of 0.
    /// </summary>
    /// <param name="images">In order of attachment, for one interface.</param>
    /// <param name="baseBias">Folded bias of each layer of the base, or null where it is not known.</param>
    /// <param name="name">How diagnostics call the image that was added last.</param>
    /// <param name="baseGamma">Gamma of each layer normalisation of the base; 0 where it is not known.</param>
    public static void Check(
        IReadOnlyList<DeltaImage> images, DeltaInterface shape, Func<int, EquatableArray<int>>? baseBias, string name, Func<int, EquatableArray<short>>? baseGamma = null)
    {
        for (int i = 0; i < shape.Layers.Length; i++)
        {
            DeltaLayer[] layers = [.. images.Select(image => image.Layers[i]).OfType<DeltaLayer>()];
            if (layers.Length > 0 && shape.Layers[i].Kind == LinearKind.Norm)
            {
                CheckNorm(layers, shape.Layers[i], baseBias?.Invoke(i), baseGamma?.Invoke(i), name);
            }
            else if (layers.Length > 0)
            {
                CheckLayer(layers, shape.Layers[i], baseBias?.Invoke(i), name);
            }
        }
    }

    /// <summary>The same for a compiled base.</summary>
    public static void Check(IReadOnlyList<DeltaImage> images, DeltaAbi abi, string name) =>
        Check(images, DeltaInterface.Of(abi), i => abi.Slots[i].Tables.Bias.Values.Take(abi.Slots[i].Outputs).Select(v => (int)v).ToEquatableArray(), name, i => ((LayerNormalizationLayer)abi.Slots[i].Layer).Gamma);

    private static void CheckNorm(DeltaLayer[] layers, DeltaLayerShape shape, EquatableArray<int>? baseBeta, EquatableArray<short>? baseGamma, string name)
    {
        long limit = shape.IsFast ? DeltaFormat.FastLimit : DeltaFormat.Limit;
        EquatableArray<int>? beta = layers.Select(l => l.Bias).LastOrDefault(b => b is not null) ?? baseBeta;
        EquatableArray<short>? gamma = layers.Select(l => l.Gamma).LastOrDefault(g => g is not null) ?? baseGamma;
        for (int i = 0; i < shape.Outputs; i++)
        {
            long sum = Math.Abs((long)(beta?[i] ?? 0)) + (NormLowering.LargestNormal * Math.Abs((long)(gamma?[i] ?? 0)));
            Require(sum < limit, $"output {i} of layer '{shape.Name}' could reach {sum} in its accumulator, the limit is {limit}", name);
        }

        foreach (DeltaLayer layer in layers)
        {
            CheckRequant(layer, shape, name);
        }
    }

    private static void CheckLayer(DeltaLayer[] layers, DeltaLayerShape shape, EquatableArray<int>? baseBias, string name)
    {
        long limit = shape.IsFast ? DeltaFormat.FastLimit : DeltaFormat.Limit;
        EquatableArray<int>? bias = layers.Select(l => l.Bias).LastOrDefault(b => b is not null) ?? baseBias;
        EquatableArray<sbyte>? weights = layers.Select(l => l.Weights).LastOrDefault(w => w is not null);
        long input = weights is { } w ? LargestInput(w, shape) : shape.LargestInput;
        for (int o = 0; o < shape.Outputs; o++)
        {
            long sum = Math.Abs((long)(bias?[o] ?? 0)) + input + layers.Sum(l => Terms(l, o));
            Require(sum < limit, $"output {o} of layer '{shape.Name}' could reach {sum} in its accumulator, the limit is {limit}", name);
        }

        foreach (DeltaLayer layer in layers)
        {
            CheckRequant(layer, shape, name);
        }
    }

    private static void CheckRequant(DeltaLayer layer, DeltaLayerShape shape, string name)
    {
        if (layer.Requant is { } requant && shape.IsFast)
        {
            bool normal = requant.Multipliers.All(m => m >= DeltaFormat.FastLimit) && requant.Shifts.All(s => s is >= 1 and <= DeltaFormat.MaxFastShift);
            Require(normal, $"layer '{shape.Name}' is fast, but new multipliers are below 2^30 or shifts outside 1..22", name);
        }

        foreach (int start in layer.Terms.SelectMany(t => DeltaTerms.Starts(t, shape)))
        {
            Require(Math.Abs((long)start) <= DeltaFormat.FastLimit, $"a start value of A in layer '{shape.Name}' is beyond 2^30", name);
        }
    }

    private static long LargestInput(EquatableArray<sbyte> weights, DeltaLayerShape shape)
    {
        long largest = 0;
        for (int o = 0; o < shape.Outputs; o++)
        {
            long sum = 0;
            foreach (sbyte weight in weights.Span.Slice(o * shape.Depth, shape.Depth))
            {
                sum += Math.Abs((int)weight);
            }

            largest = Math.Max(largest, sum);
        }

        return 128 * largest;
    }

    private static long Terms(DeltaLayer layer, int output)
    {
        long sum = layer.Terms.Sum(t => DeltaTerms.Largest(t, output));
        if (layer.Sparse is { } sparse)
        {
            for (int i = sparse.RowStarts[output]; i < sparse.RowStarts[output + 1]; i++)
            {
                sum += 255L * Math.Abs((int)sparse.Differences[i]);
            }
        }

        return sum;
    }

    private static void Require(bool condition, string what, string name)
    {
        if (!condition)
        {
            throw DeltaFile.Error("MCU1209", what, name, "Train with a smaller change of this layer, or pack with another --adapter-mode.");
        }
    }
}
