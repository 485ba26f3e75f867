using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Passes;

/// <summary>Changed forms of constant float tensors, with the record that adapters need to follow.</summary>
internal static class Constants
{
    private static readonly WeightFold NoFold = new([], [], []);

    public static Tensor Of(Tensor original, Shape shape, float[] values) =>
        original with { Shape = shape, Data = new FloatData(EquatableArray.Wrap(values)) };

    public static Tensor Permuted(Tensor tensor, EquatableArray<int> permutation) =>
        Of(tensor, Permute.Shape(tensor.Shape, permutation), Permute.Data<float>(tensor.Floats(), tensor.Shape, permutation));

    /// <summary>
    /// Weights whose output channels (axis 0) are multiplied by <paramref name="factors"/>;
    /// the bias is to become <c>factors·bias + offsets</c>.
    /// </summary>
    public static Tensor ScaledRows(Tensor weights, double[] factors, double[]? offsets = null)
    {
        float[] values = weights.Floats();
        int row = values.Length / factors.Length;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(values[i] * factors[i / row]);
        }

        if (factors.All(f => f == 1) && offsets is null)
        {
            return Of(weights, weights.Shape, values);
        }

        return Of(weights, weights.Shape, values) with { Fold = Composed(weights.Fold ?? NoFold, factors, offsets) };
    }

    /// <summary>Fully connected weights whose present column j was column <paramref name="columns"/>[j].</summary>
    public static Tensor PermutedColumns(Tensor weights, int[] columns)
    {
        float[] values = weights.Floats();
        var moved = new float[values.Length];
        for (int o = 0; o < weights.Shape[0]; o++)
        {
            for (int j = 0; j < columns.Length; j++)
            {
                moved[(o * columns.Length) + j] = values[(o * columns.Length) + columns[j]];
            }
        }

        WeightFold fold = weights.Fold ?? NoFold;
        int[] before = fold.ColumnPermutation.ToArray();
        int[] total = before.Length == 0 ? columns : [.. columns.Select(c => before[c])];
        return Of(weights, weights.Shape, moved) with { Fold = fold with { ColumnPermutation = EquatableArray.Wrap(total) } };
    }

    /// <summary>Weights that record that an initializer went into their bias by another way than the factors say.</summary>
    public static Tensor WithForeignBias(Tensor weights, string initializer)
    {
        WeightFold fold = weights.Fold ?? NoFold;
        return weights with { Fold = fold with { ForeignBiases = fold.ForeignBiases.Append(initializer).ToEquatableArray() } };
    }

    /// <summary>Weights that record which batch normalisation their last fold took up.</summary>
    public static Tensor WithNormalization(Tensor weights, FoldedNormalization normalization) =>
        weights with { Fold = (weights.Fold ?? NoFold) with { Normalization = normalization } };

    /// <summary>Weights that record from how many groups they were spread.</summary>
    public static Tensor WithGroups(Tensor weights, int groups) =>
        weights with { Fold = (weights.Fold ?? NoFold) with { ExpandedGroups = groups } };

    private static WeightFold Composed(WeightFold fold, double[] factors, double[]? offsets)
    {
        float[] scale = [.. factors.Select((f, o) => (float)(f * Part(fold.RowScale, o, 1)))];
        float[] offset = [.. factors.Select((f, o) => (float)((f * Part(fold.BiasOffset, o, 0)) + (offsets is null ? 0 : offsets[o])))];
        return fold with { RowScale = EquatableArray.Wrap(scale), BiasOffset = EquatableArray.Wrap(offset), Normalization = null };
    }

    private static double Part(EquatableArray<float> values, int index, double fallback) => values.Length == 0 ? fallback : values[index];
}
