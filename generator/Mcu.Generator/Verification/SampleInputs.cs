using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Verification;

/// <summary>Reproducible inputs for comparisons.</summary>
public static class SampleInputs
{
    /// <summary>Values in [-1, 1) for every input of a float graph; the same for the same seed on every machine.</summary>
    public static Dictionary<string, TensorValue> Create(Graph graph, uint seed)
    {
        var inputs = new Dictionary<string, TensorValue>(StringComparer.Ordinal);
        uint state = seed;
        foreach (string name in graph.Inputs)
        {
            var values = new float[graph[name].Shape.Elements];
            for (int i = 0; i < values.Length; i++)
            {
                state = InputSequence.Next(state);
                values[i] = ((int)(state >> 8) - (1 << 23)) / (float)(1 << 23);
            }

            inputs[name] = new TensorValue(graph[name].Shape, values);
        }

        return inputs;
    }
}
