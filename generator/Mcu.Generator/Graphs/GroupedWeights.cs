namespace Mcu.Generator.Graphs;

/// <summary>Weights of a grouped convolution as those of one group.</summary>
public static class GroupedWeights
{
    /// <summary>
    /// <c>[outputs, positions, inputs]</c> of a group's input channels as <c>[outputs, positions, groups·inputs]</c>, zero where an
    /// output does not read a channel. With channels before positions, <paramref name="positions"/> is 1 and
    /// <paramref name="inputs"/> counts the positions too.
    /// </summary>
    public static T[] Dense<T>(ReadOnlySpan<T> weights, int outputs, int positions, int inputs, int groups)
    {
        var dense = new T[weights.Length * groups];
        for (int o = 0; o < outputs; o++)
        {
            int group = o / (outputs / groups);
            for (int p = 0; p < positions; p++)
            {
                int row = (o * positions) + p;
                weights.Slice(row * inputs, inputs).CopyTo(dense.AsSpan((row * groups * inputs) + (group * inputs), inputs));
            }
        }

        return dense;
    }
}
