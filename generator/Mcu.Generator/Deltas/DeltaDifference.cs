using System.Globalization;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Deltas;

/// <summary>What differs between two images.</summary>
public sealed record DeltaDifference(bool Equal, IReadOnlyList<FieldDifference> Fields, IReadOnlyList<SectionDifference> Layers)
{
    /// <summary>Compares header, self-tests and layers; sections number by number where the interface is known, else as bytes.</summary>
    public static DeltaDifference Of(DeltaFile a, DeltaFile b, DeltaInterface? shape)
    {
        FieldDifference[] fields = [.. HeaderFields(a).Zip(HeaderFields(b)).Where(p => p.First.Value != p.Second.Value).Select(p => new FieldDifference(p.First.Name, p.First.Value, p.Second.Value))];
        SectionDifference[] layers = [.. shape is null ? Records(a, b) : Sections(DeltaReader.Read(a, shape), DeltaReader.Read(b, shape), shape)];
        return new DeltaDifference(fields.Length == 0 && layers.Length == 0, fields, layers);
    }

    private static IEnumerable<(string Name, string Value)> HeaderFields(DeltaFile file) =>
    [
        ("base", file.Header.Base.ToString()),
        ("abi", file.Header.Abi.ToString()),
        ("id", Text(file.Header.Id)),
        ("version", Text(file.Header.Version)),
        ("security_counter", Text(file.Header.SecurityCounter)),
        ("parents", string.Join(' ', file.Parents)),
        ("self_tests", string.Join(' ', file.SelfTests.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Seed}:{t.OutputCrc32:x8}")))),
        ("layers", Text((uint)file.Records.Length)),
        ("signature", file.Signature.Length == 0 ? "none" : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file.Signature.Span))),
    ];

    private static IEnumerable<SectionDifference> Records(DeltaFile a, DeltaFile b)
    {
        for (int i = 0; i < Math.Max(a.Records.Length, b.Records.Length); i++)
        {
            ReadOnlySpan<byte> left = Record(a, i);
            ReadOnlySpan<byte> right = Record(b, i);
            if (!left.SequenceEqual(right))
            {
                yield return new SectionDifference(i, null, "record", Where(left.Length > 0, right.Length > 0), null, null, null);
            }
        }
    }

    private static ReadOnlySpan<byte> Record(DeltaFile file, int index) => index < file.Records.Length ? file.Body.Span[file.Records[index]] : [];

    private static IEnumerable<SectionDifference> Sections(DeltaImage a, DeltaImage b, DeltaInterface shape)
    {
        for (int i = 0; i < shape.Layers.Length; i++)
        {
            DeltaLayer left = a.Layers[i] ?? new DeltaLayer();
            DeltaLayer right = b.Layers[i] ?? new DeltaLayer();
            foreach ((string section, long[] x, long[] y) in Numbers(left, shape.Layers[i]).Zip(Numbers(right, shape.Layers[i])).Select(p => (p.First.Name, p.First.Values, p.Second.Values)))
            {
                if (!x.AsSpan().SequenceEqual(y))
                {
                    yield return Compared(i, shape.Layers[i].Name, section, x, y);
                }
            }
        }
    }

    private static SectionDifference Compared(int index, string name, string section, long[] x, long[] y)
    {
        bool comparable = x.Length == y.Length;
        long[] differences = comparable ? [.. x.Zip(y, (l, r) => Math.Abs(l - r))] : [];
        return new SectionDifference(
            index, name, section, Where(x.Length > 0, y.Length > 0), comparable ? x.Length : null, comparable ? differences.Count(d => d > 0) : null, comparable ? differences.Max() : null);
    }

    private static IEnumerable<(string Name, long[] Values)> Numbers(DeltaLayer layer, DeltaLayerShape shape) =>
    [
        ("bias", Long(layer.Bias)),
        ("requant", [.. Long(layer.Requant?.Multipliers), .. Long(layer.Requant?.Shifts)]),
        ("weights", [.. (layer.Weights ?? []).Select(w => (long)w), .. (layer.Gamma ?? []).Select(w => (long)w)]),
        ("lora", [.. layer.Terms.SelectMany(t => t.A.Concat(t.B).Select(v => (long)v).Concat(t.Multipliers.Concat(t.Shifts).Concat(t.OutputShifts).Select(v => (long)v)))]),
        ("sparse", layer.Sparse is null ? [] : Dense(layer, shape)),
    ];

    private static long[] Dense(DeltaLayer layer, DeltaLayerShape shape)
    {
        var values = new long[shape.Outputs * shape.Depth];
        foreach ((int position, int difference) in DeltaSparse.Positions(layer.Sparse!, shape.Depth))
        {
            values[position] = difference;
        }

        return values;
    }

    private static long[] Long(EquatableArray<int>? values) => [.. (values ?? EquatableArray<int>.Empty).Select(v => (long)v)];

    private static string Where(bool inA, bool inB) => inA && inB ? "differs" : inA ? "only in A" : "only in B";

    private static string Text(uint value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A field of the header with two values.</summary>
public sealed record FieldDifference(string Field, string A, string B);

/// <summary>A section with different content.</summary>
/// <param name="Layer">Index in the ABI.</param>
/// <param name="Name">Null when the interface is not known.</param>
/// <param name="Section">bias, requant, weights, lora, sparse; or record, when the interface is not known.</param>
/// <param name="Where">differs, only in A, only in B.</param>
/// <param name="Values">How many numbers the section has; null where the two are not alike.</param>
/// <param name="Differing">How many of them differ.</param>
/// <param name="Largest">The largest difference.</param>
public sealed record SectionDifference(int Layer, string? Name, string Section, string Where, int? Values, int? Differing, long? Largest);
