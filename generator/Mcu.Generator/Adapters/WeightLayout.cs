using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Adapters;

/// <summary>
/// Brings values that stand for a layer's weights in the training framework (<c>[O,I]</c>, <c>[O,I/groups,KH,KW]</c>) into the node's
/// layout, with everything that passes did to the weights done to them.
/// </summary>
internal sealed class WeightLayout(BindingLayer layer)
{
    /// <summary>OIHW to OHWI; depthwise: [O,1,KH,KW] to [1,KH,KW,O].</summary>
    private static readonly EquatableArray<int> DepthwiseOrder = [1, 2, 3, 0];

    /// <summary>Shape of the weights in the training framework.</summary>
    public Shape Framework => layer.IsFullyConnected
        ? new Shape(layer.Outputs, layer.Inputs)
        : new Shape(layer.Outputs, layer.Inputs, layer.KernelH, layer.KernelW);

    private int Spread => layer.Weights.Fold?.ExpandedGroups ?? 1;

    /// <summary>Values in the node's layout; <paramref name="rows"/> are changed.</summary>
    public float[] Apply(float[] rows)
    {
        ScaleRows(rows);
        if (layer.IsFullyConnected)
        {
            return PermuteColumns(rows);
        }

        float[] dense = Spread == 1 ? rows : GroupedWeights.Dense<float>(rows, layer.Outputs, 1, rows.Length / layer.Outputs, Spread);
        var shape = new Shape(layer.Outputs, layer.Inputs * Spread, layer.KernelH, layer.KernelW);
        return Permute.Data<float>(dense, shape, layer.IsDepthwise ? DepthwiseOrder : Permute.NchwToNhwc);
    }

    /// <summary>Rows of input weights (A of a low-rank change) in the order of the node's, for all input channels.</summary>
    public float[] InputRows(float[] rows, int count) => layer.IsFullyConnected
        ? PermuteColumns(rows)
        : Permute.Data<float>(rows, new Shape(count, layer.AllInputs, layer.KernelH, layer.KernelW), Permute.NchwToNhwc);

    /// <summary>Multiplies each output's values by the factor of a folded batch normalisation.</summary>
    public void ScaleRows(float[] rows)
    {
        if (layer.Weights.Fold is { RowScale.Length: > 0 } fold)
        {
            int columns = rows.Length / layer.Outputs;
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] *= fold.RowScale[i / columns];
            }
        }
    }

    /// <summary>Fully connected: columns as a flatten in another layout needs them.</summary>
    public float[] PermuteColumns(float[] rows)
    {
        if (layer.Weights.Fold is not { ColumnPermutation.Length: > 0 } fold)
        {
            return rows;
        }

        ReadOnlySpan<int> source = fold.ColumnPermutation.Span;
        var result = new float[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            int column = i % source.Length;
            result[i] = rows[i - column + source[column]];
        }

        return result;
    }
}
