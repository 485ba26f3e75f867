using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Channels;

/// <summary>A linear layer's weights by output, whatever their order in the graph, with the differences of a sparse adapter added.</summary>
internal sealed class LinearRows
{
    private readonly int[] weights;

    /// <param name="outputsInnermost">Whether weights are <c>[depth, outputs]</c> (depthwise).</param>
    public LinearRows(LinearLayer layer, bool outputsInnermost)
    {
        Layer = layer;
        Depth = layer.Weights.Length / layer.OutputChannels;
        weights = new int[layer.Weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[outputsInnermost ? (i % layer.OutputChannels * Depth) + (i / layer.OutputChannels) : i] = layer.Weights[i];
        }

        for (int o = 0; layer.Corrections is { } sparse && o < layer.OutputChannels; o++)
        {
            for (int i = sparse.RowStarts[o]; i < sparse.RowStarts[o + 1]; i++)
            {
                weights[(o * Depth) + sparse.Columns[i]] += sparse.Differences[i];
            }
        }
    }

    public LinearLayer Layer { get; }

    /// <summary>Weights of one output.</summary>
    public int Depth { get; }

    public ReadOnlySpan<int> this[int output] => weights.AsSpan(output * Depth, Depth);

    /// <summary>Whether a low-rank term reaches the output.</summary>
    public bool HasTerm(int output) => Layer.Terms.Any(t => t.B.Span.Slice(output * t.Rank, t.Rank).ContainsAnyExcept((sbyte)0));

    /// <summary>Whether the first factor of a low-rank term reads the column.</summary>
    public bool ProjectsColumn(int column) => Layer.Terms.Any(t => Enumerable.Range(0, t.Rank).Any(r => t.A[(r * Depth) + column] != 0));

    /// <summary>
    /// The output's byte where it is the same for every input; null where it is not. Inputs are known by channel: column k reads
    /// <c>inputs[k mod inputs.Length]</c>.
    /// </summary>
    /// <param name="readsPadding">Whether a weight may meet padding instead of its input.</param>
    public sbyte? Constant(int output, ReadOnlySpan<sbyte?> inputs, bool readsPadding)
    {
        long sum = Layer.Bias[output];
        ReadOnlySpan<int> row = this[output];
        for (int k = 0; k < row.Length; k++)
        {
            if (row[k] == 0)
            {
                continue;
            }

            if (!IsKnown(inputs[k % inputs.Length], readsPadding))
            {
                return null;
            }

            sum += (long)row[k] * (inputs[k % inputs.Length]!.Value - Layer.InputZeroPoint);
        }

        return HasTerm(output) || sum != (int)sum ? null : Layer.Finish((int)sum, output);
    }

    /// <summary>Whether what a weight reads is the same for every input, everywhere.</summary>
    public bool IsKnown(sbyte? input, bool readsPadding) => input is { } value && (!readsPadding || value == Layer.InputZeroPoint);
}
