using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Lowering;
using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Int8;

/// <summary>
/// The forms in which one layer can take an adapter's change, and the choice among them. Outputs that are multiplied as a whole go
/// into requantisation tables wherever a multiplier can hold the factor; the weights' bytes then stay the base's.
/// </summary>
internal sealed class LayerVariants
{
    private readonly LinearSource source;
    private readonly BoundPatch[] patches;
    private readonly string adapter;
    private readonly LayerEdit edit;
    private readonly float[] bias;

    /// <summary>The base's weights under the new bias and factors; null where no tables hold the factors.</summary>
    private readonly LinearLayer? tables;

    /// <summary>Throws MCU0511.</summary>
    public LayerVariants(LinearSource source, BoundPatch[] patches, string adapter)
    {
        (this.source, this.patches, this.adapter) = (source, patches, adapter);
        edit = LayerEdit.Of(source.Weights, source.Bias, source.Outputs, source.OutputsInnermost, patches).WithPositiveFactors(source.OutputsInnermost);
        bias = edit.Bias!;
        CheckFinite();
        tables = edit.RowFactors is { } factors ? source.Scaled(factors, edit.BiasFollowsRows ? null : bias)
            : edit.KeepsBias ? source.Layer
            : source.WithBias(bias);
    }

    /// <summary>Null where nothing changes: the base's layer serves. Throws MCU0718 and MCU0731 to MCU0733.</summary>
    public LayerVariant? Choose(AdapterModeChoice choice)
    {
        LayerVariant? variant = !edit.ChangesWeights && tables is not null ? Tables(tables)
            : patches.OfType<WeightPatch>().Any(w => !w.IsTuned) && edit.RowFactors is null ? new LayerVariant(AdapterMode.Replace, Copy())
            : Changed(choice);
        if (variant is not null)
        {
            CheckRange(variant.Linear);
        }

        return variant;
    }

    private LayerVariant? Tables(LinearLayer layer) =>
        layer == source.Layer ? null : new LayerVariant(edit.RowFactors is null ? AdapterMode.Bias : AdapterMode.Requant, layer);

    private LayerVariant Changed(AdapterModeChoice choice)
    {
        LayerVariant? side = Side();
        if (choice == AdapterModeChoice.Side)
        {
            RequireSide(side);
        }

        if (choice == AdapterModeChoice.Side && side is not null)
        {
            return side;
        }

        LayerVariant merged = Merged();
        return choice == AdapterModeChoice.Auto && side is not null && Flash(merged) > Flash(side) ? side : merged;
    }

    private LayerVariant? Side()
    {
        if (tables is null || edit.TurnsSigns || Factors is not { } lora)
        {
            return null;
        }

        float[] b = [.. lora.B.Values.Select(v => (float)(v * lora.Scale))];
        SidePath? path = SidePathBuilder.Build(source, lora.A.Values.ToArray(), b, lora.Rank);
        return path is null ? null : new LayerVariant(AdapterMode.Side, tables with { Side = path });
    }

    /// <summary>The low-rank factors, where they are all that changes weights one by one.</summary>
    private LoraPatch? Factors => patches.Any(p => p is WeightPatch or DifferencePatch or ColumnScalePatch) ? null : patches.OfType<LoraPatch>().SingleOrDefault();

    /// <summary>A change that has no low-rank form is merged in every mode; one that has, and cannot run beside the layer, says why.</summary>
    private void RequireSide(LayerVariant? side)
    {
        if (patches.OfType<DifferencePatch>().FirstOrDefault(d => d.NoSidePath.Length > 0) is { } written)
        {
            throw source.Node.Error("MCU0731", $"a side path is impossible: {written.NoSidePath}", "Use --adapter-mode merge or auto.");
        }

        if (side is null && Factors is not null)
        {
            throw tables is null || edit.TurnsSigns
                ? source.Node.Error("MCU0732", "an output's magnitude is zero, negative or far from the base's, which a requantisation multiplier cannot hold", "Use --adapter-mode merge or auto.")
                : source.Node.Error("MCU0718", "the adapter changes the layer too much, or has too high a rank, for a side path", "Use --adapter-mode merge or auto.");
        }
    }

    /// <summary>The smaller of a whole copy under new scales and single changes at the base's.</summary>
    private LayerVariant Merged()
    {
        LinearLayer copy = Copy();
        var copied = new LayerVariant(AdapterMode.MergeCopy, copy);
        if (tables is null)
        {
            return copied;
        }

        SparseChange change = MergeBuilder.Sparse(source, edit.Unscaled);
        var sparse = new LayerVariant(AdapterMode.MergeSparse, tables with { Corrections = change.Corrections })
        {
            DroppedChanges = change.Dropped,
            SaturatedChanges = change.Saturated,
        };
        return Flash(sparse) < Flash(copied)
            ? sparse with { Note = MergeComparison.Describe(copy, sparse.Linear, change, source.Depth, source.OutputsInnermost) }
            : copied;
    }

    /// <summary>Under new scales; weights that an int8 model brings keep their own.</summary>
    private LinearLayer Copy() => patches.OfType<WeightPatch>().SingleOrDefault()?.Quantised is var (weights, scales)
        && patches.All(p => p is WeightPatch or BiasPatch)
            ? source.WithScales(weights, scales, bias)
            : source.WithWeights(edit.Weights(source.OutputsInnermost), bias);

    private int Flash(LayerVariant variant) => variant.Mode switch
    {
        AdapterMode.MergeCopy => AdapterFlash.Copy(variant.Linear),
        AdapterMode.MergeSparse => AdapterFlash.Sparse(variant.Linear) + TableFlash,
        _ => AdapterFlash.Side(variant.Linear.Side!) + TableFlash,
    };

    /// <summary>Biases, multipliers and shifts beside the base's weights.</summary>
    private int TableFlash =>
        (edit.RowFactors is null ? 0 : AdapterFlash.Requant(source.Layer)) + (edit.KeepsBias || edit.BiasFollowsRows ? 0 : AdapterFlash.Bias(source.Layer));

    private void CheckFinite()
    {
        bool finite = edit.Unscaled.All(float.IsFinite) && bias.All(float.IsFinite) && (edit.RowFactors ?? []).All(double.IsFinite);
        if (!finite || (edit.RowFactors is not null && !edit.Weights(source.OutputsInnermost).All(float.IsFinite)))
        {
            throw new DiagnosticException(
                "MCU0511",
                $"Merging makes weights or bias of node '{source.Node.Node.Name}' infinite.",
                $"{adapter}: module '{patches[0].Module}'",
                "The adapter's values or its scale (lora_alpha) are far too large.");
        }
    }

    /// <summary>A multiplier of 1 or more, which the base did not have, shifts the accumulator to the left first, which must not overflow.</summary>
    private void CheckRange(LinearLayer layer)
    {
        for (int o = 0; o < layer.OutputChannels; o++)
        {
            long bound = Math.Abs((long)layer.Bias[o]) + AccumulatorBound.OfInput(layer, source.Depth, o, source.OutputsInnermost);
            if (layer.Shifts[o] > Math.Max(source.Layer.Shifts[o], 0) && bound << layer.Shifts[o] >= 1L << 31)
            {
                throw source.Node.Error("MCU0733", $"under adapter '{adapter}' output {o} can exceed 32 bits before requantisation", "The adapter's factors are far too large for the base's activation ranges; check that it belongs to this base.");
            }
        }
    }
}
