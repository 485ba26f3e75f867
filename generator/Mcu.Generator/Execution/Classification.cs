namespace Mcu.Generator.Execution;

/// <summary>What a classifier's output says.</summary>
public static class Classification
{
    /// <summary>Index of the largest value, the first of equals.</summary>
    public static int LargestIndex(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }
}
