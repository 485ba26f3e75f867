using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>An image with the file it came from.</summary>
public sealed record DeltaPart(DeltaFile File, DeltaImage Image);

/// <summary>Composes images of one network into one that gives the same output bytes as attaching them in order.</summary>
public static class DeltaComposer
{
    private const DeltaSections Replacing = DeltaSections.Bias | DeltaSections.Requant | DeltaSections.Weights;
    private const DeltaSections Adding = DeltaSections.Lora | DeltaSections.Sparse;

    /// <summary>
    /// The composed image, without self-tests. MCU1208 where the parts are for different networks, MCU1212 where two of them
    /// replace the same numbers, or one replaces what another's terms were made for.
    /// </summary>
    /// <param name="parts">In order of attachment, at least one, read for the same interface.</param>
    /// <param name="numbers">Numbers of the composed image.</param>
    public static DeltaImage Compose(IReadOnlyList<DeltaPart> parts, DeltaInterface shape, DeltaNumbers numbers)
    {
        foreach (DeltaPart part in parts)
        {
            shape.Require(part.File);
        }

        CheckConflicts(parts, shape);
        DeltaHeader first = parts[0].Image.Header;
        return new DeltaImage(
            first with { Id = numbers.Id, Version = numbers.Version, SecurityCounter = numbers.SecurityCounter },
            parts.Select(p => DeltaHash.Read(p.File.BodySha256())).ToEquatableArray(),
            EquatableArray<DeltaSelfTest>.Empty,
            shape.Layers.Select((layer, i) => Layer([.. parts.Select(p => p.Image.Layers[i]).OfType<DeltaLayer>()], layer)).ToEquatableArray());
    }

    /// <summary>MCU1212 names both images, the layer and the sections that cannot stand together.</summary>
    public static void CheckConflicts(IReadOnlyList<DeltaPart> parts, DeltaInterface shape)
    {
        for (int i = 0; i < shape.Layers.Length; i++)
        {
            for (int b = 1; b < parts.Count; b++)
            {
                for (int a = 0; a < b; a++)
                {
                    CheckPair(parts[a], parts[b], i, shape.Layers[i].Name);
                }
            }
        }
    }

    /// <summary>Names of the sections, as the format's document writes them.</summary>
    public static string Names(DeltaSections sections) =>
        string.Join(" and ", Enum.GetValues<DeltaSections>().Where(s => s != DeltaSections.None && sections.HasFlag(s)).Select(s => s.ToString().ToUpperInvariant()));

    private static void CheckPair(DeltaPart a, DeltaPart b, int layer, string name)
    {
        DeltaSections left = a.Image.Layers[layer]?.Sections ?? DeltaSections.None;
        DeltaSections right = b.Image.Layers[layer]?.Sections ?? DeltaSections.None;
        DeltaSections both = left & right & Replacing;
        if (both != 0)
        {
            throw Conflict(a, b, name, $"both bring {Names(both)}");
        }

        CheckOrdered(a, left, b, right, name);
        CheckOrdered(b, right, a, left, name);
    }

    /// <summary>What <paramref name="left"/> replaces against what <paramref name="right"/> adds in the old scale.</summary>
    private static void CheckOrdered(DeltaPart a, DeltaSections left, DeltaPart b, DeltaSections right, string layer)
    {
        DeltaSections spoiled = (left.HasFlag(DeltaSections.Weights) ? Adding : 0) | (left.HasFlag(DeltaSections.Requant) ? Adding | DeltaSections.Bias | DeltaSections.Weights : 0);
        if ((spoiled & right) != 0)
        {
            throw Conflict(a, b, layer, $"the first brings {Names(left & (DeltaSections.Weights | DeltaSections.Requant))}, for which {Names(spoiled & right)} of the second was not made");
        }
    }

    private static DiagnosticException Conflict(DeltaPart a, DeltaPart b, string layer, string why) => new(
        "MCU1212", $"The delta images {a.File.Name} and {b.File.Name} cannot be composed: in layer '{layer}' {why}.", b.File.Name, "Attach one of them, or train one adapter for both.");

    private static DeltaLayer? Layer(DeltaLayer[] layers, DeltaLayerShape shape)
    {
        var layer = new DeltaLayer
        {
            Bias = layers.Select(l => l.Bias).FirstOrDefault(b => b is not null),
            Requant = layers.Select(l => l.Requant).FirstOrDefault(r => r is not null),
            Weights = layers.Select(l => l.Weights).FirstOrDefault(w => w is not null),
            Gamma = layers.Select(l => l.Gamma).FirstOrDefault(g => g is not null),
            Terms = layers.SelectMany(l => l.Terms).ToEquatableArray(),
            Sparse = Sum([.. layers.Select(l => l.Sparse).OfType<SparseCorrection>()], shape),
        };
        return layer.Sections == DeltaSections.None ? null : layer;
    }

    /// <summary>Differences of the same weight add. Null where all of them cancel.</summary>
    private static SparseCorrection? Sum(SparseCorrection[] parts, DeltaLayerShape shape)
    {
        var sums = new Dictionary<int, int>();
        foreach ((int position, int difference) in parts.SelectMany(p => DeltaSparse.Positions(p, shape.Depth)))
        {
            sums[position] = sums.GetValueOrDefault(position) + difference;
        }

        if (sums.Values.Any(d => d is < short.MinValue or > short.MaxValue))
        {
            throw new DiagnosticException("MCU1211", $"The images cannot be one delta image: differences of layer '{shape.Name}' add up beyond int16.", shape.Name);
        }

        SparseCorrection sum = DeltaSparse.Of(sums, shape.Outputs, shape.Depth);
        return sum.Columns.Length == 0 ? null : sum;
    }
}
