using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters;

/// <summary>Merges a bound adapter into a float graph, <c>W' = W + s·B·A</c>; the reference for every other way to run it.</summary>
public static class FloatMerge
{
    /// <summary>The graph with the adapter in its constants. Constants that other nodes read as well are copied.</summary>
    /// <param name="graph">The canonical float graph that the adapter was bound to.</param>
    /// <exception cref="DiagnosticException">MCU0511: a merged value is not finite.</exception>
    public static Graph Apply(Graph graph, BoundAdapter adapter)
    {
        if (adapter.Delta is not null)
        {
            throw new DiagnosticException("MCU1214", "A delta image holds int8 tables and has no float form.", adapter.Name, "Use --on reference, host or an emulator, or give the adapter that it was packed from.");
        }

        var nodes = graph.Nodes.ToArray();
        Dictionary<string, int> uses = graph.Nodes.SelectMany(n => n.Inputs).CountBy(i => i, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        Dictionary<string, Tensor> changed = new(StringComparer.Ordinal);
        for (int i = 0; i < nodes.Length; i++)
        {
            foreach (BoundPatch patch in adapter.PatchesOf(nodes[i].Name))
            {
                int input = patch is BiasPatch ? 2 : 1;
                Tensor merged = Merge(graph, nodes[i], patch);
                CheckFinite(adapter, patch, merged);
                if (uses.GetValueOrDefault(merged.Name) > 1 || (graph.InputOf(nodes[i], input) is null && graph.Tensors.ContainsKey(merged.Name)))
                {
                    merged = merged with { Name = UniqueName(graph, changed, merged.Name) };
                }

                changed[merged.Name] = merged;
                nodes[i] = nodes[i] with { Inputs = WithInput(nodes[i].Inputs, input, merged.Name) };
            }
        }

        return GraphValidator.Validate(graph.With(nodes, changed.Values));
    }

    /// <summary>B·A times the scale, row-major over output channels and the columns of A.</summary>
    public static float[] Delta(LoraPatch patch)
    {
        int rank = patch.Rank;
        int columns = patch.A.Values.Length / rank;
        int outputs = patch.B.Shape[0];
        var delta = new float[outputs * columns];
        for (int o = 0; o < outputs; o++)
        {
            for (int k = 0; k < columns; k++)
            {
                double sum = 0;
                for (int r = 0; r < rank; r++)
                {
                    sum += (double)patch.B.Values[(o * rank) + r] * patch.A.Values[(r * columns) + k];
                }

                delta[(o * columns) + k] = (float)(sum * patch.Scale);
            }
        }

        return delta;
    }

    /// <summary><c>W + s·B·A</c> as new values, in the layout of W and A.</summary>
    public static float[] Merged(IReadOnlyList<float> weights, LoraPatch patch)
    {
        float[] merged = Delta(patch);
        for (int i = 0; i < merged.Length; i++)
        {
            merged[i] = weights[i] + merged[i];
        }

        return merged;
    }

    private static Tensor Merge(Graph graph, Node node, BoundPatch patch)
    {
        Tensor weights = graph.InputOf(node, 1)!;
        return patch switch
        {
            LoraPatch lora => weights with { Data = new FloatData(EquatableArray.Wrap(Merged(weights.Floats(), lora))) },
            WeightPatch replaced => weights with { Data = new FloatData(replaced.Weights) },
            BiasPatch bias => (graph.InputOf(node, 2) ?? new Tensor(node.Name + ".bias", DataType.Float32, new Shape(bias.Bias.Length))) with { Data = new FloatData(bias.Bias) },
            _ => throw new InvalidOperationException($"Unknown patch {patch.GetType().Name}."),
        };
    }

    private static void CheckFinite(BoundAdapter adapter, BoundPatch patch, Tensor merged)
    {
        if (!((FloatData)merged.Data!).Values.All(float.IsFinite))
        {
            throw new DiagnosticException("MCU0511", $"Merging makes '{merged.Name}' infinite.", $"{adapter.Name}: module '{patch.Module}'", "The adapter's values or its scale (lora_alpha) are far too large.");
        }
    }

    private static EquatableArray<string> WithInput(EquatableArray<string> inputs, int index, string name)
    {
        List<string> list = [.. inputs];
        while (list.Count <= index)
        {
            list.Add("");
        }

        list[index] = name;
        return list.ToEquatableArray();
    }

    private static string UniqueName(Graph graph, Dictionary<string, Tensor> changed, string name)
    {
        int number = 1;
        string candidate;
        do
        {
            candidate = $"{name}.adapted{number++}";
        }
        while (graph.Tensors.ContainsKey(candidate) || changed.ContainsKey(candidate));

        return candidate;
    }
}
