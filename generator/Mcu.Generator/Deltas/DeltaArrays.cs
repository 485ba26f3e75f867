using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Deltas;

/// <summary>Tables of layers as NumPy archives, in plain row order whatever the packing.</summary>
public static class DeltaArrays
{
    /// <summary>
    /// The sections of one layer as stored: <c>bias</c>, <c>multipliers</c> and <c>shifts</c> (to the right), <c>weights</c>, per low-rank
    /// term <c>loraN_a</c>, <c>loraN_b</c> and their tables, and <c>positions</c> with <c>differences</c>.
    /// </summary>
    public static byte[] Sections(DeltaLayer layer, DeltaLayerShape shape)
    {
        var archive = new NumpyArchiveWriter();
        if (layer.Bias is { } bias)
        {
            archive.Add("bias", bias.Span, shape.Outputs);
        }

        if (layer.Requant is { } requant)
        {
            archive.Add("multipliers", requant.Multipliers.Span, shape.Requantizations).Add("shifts", requant.Shifts.Span, shape.Requantizations);
        }

        if (layer.Weights is { } weights)
        {
            archive.Add("weights", weights.Span, shape.Outputs, shape.Depth);
        }

        if (layer.Gamma is { } gamma)
        {
            archive.Add("weights", gamma.Span, shape.Outputs);
        }

        AddTerms(archive, "", [.. layer.Terms], shape);
        if (layer.Sparse is { } sparse)
        {
            KeyValuePair<int, int>[] changes = [.. DeltaSparse.Positions(sparse, shape.Depth).OrderBy(p => p.Key)];
            archive.Add("positions", [.. changes.Select(c => c.Key)], changes.Length).Add("differences", [.. changes.Select(c => (short)c.Value)], changes.Length);
        }

        return archive.ToBytes();
    }

    /// <summary>
    /// What a device computes with after attaching images in order, per layer of the ABI with its index in front:
    /// <c>3.weights</c> (int16: differences are added), <c>3.bias</c> (start values, the input zero point folded in and that of the
    /// differences too), <c>3.multipliers</c>, <c>3.shifts</c>, and the low-rank terms.
    /// </summary>
    public static byte[] Effective(DeltaAbi abi, DeltaImage composed)
    {
        var archive = new NumpyArchiveWriter();
        DeltaInterface shape = DeltaInterface.Of(abi);
        foreach (DeltaSlot slot in abi.Slots)
        {
            DeltaLayerShape of = shape.Layers[slot.Index];
            var tables = EffectiveTables.Of(slot, composed.Layers[slot.Index] ?? new DeltaLayer());
            string name = FormattableString.Invariant($"{slot.Index}.");
            archive.Add(name + "weights", tables.Weights, of.Outputs, of.Depth)
                .Add(name + "bias", tables.Bias, of.Outputs)
                .Add(name + "multipliers", tables.Multipliers, of.Requantizations)
                .Add(name + "shifts", tables.Shifts, of.Requantizations);
            AddTerms(archive, name, tables.Terms, of);
        }

        return archive.ToBytes();
    }

    private static void AddTerms(NumpyArchiveWriter archive, string prefix, IReadOnlyList<SidePath> terms, DeltaLayerShape shape)
    {
        for (int i = 0; i < terms.Count; i++)
        {
            SidePath term = terms[i];
            string name = FormattableString.Invariant($"{prefix}lora{i}_");
            archive.Add(name + "a", term.A.Span, term.Rank, shape.Depth)
                .Add(name + "b", term.B.Span, shape.Outputs, term.Rank)
                .Add(name + "a_multipliers", term.Multipliers.Span, term.Rank)
                .Add(name + "a_shifts", [.. term.Shifts.Select(s => -s)], term.Rank)
                .Add(name + "b_shifts", term.OutputShifts.Span, shape.Outputs);
            if (term.Offsets.Length > 0)
            {
                archive.Add(name + "a_offsets", term.Offsets.Span, term.Rank);
            }
        }
    }
}
