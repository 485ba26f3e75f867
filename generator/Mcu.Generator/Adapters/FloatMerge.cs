using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters;

/// <summary>Merges a bound adapter into a float graph, <c>W' = W + s·B·A</c>; the reference for every other way to run it.</summary>
public static class FloatMerge
{
    /// <summary>The graph with the adapter in its constants, or with its nodes. Constants that other nodes read as well are copied.</summary>
    /// <param name="graph">The canonical float graph that the adapter was bound to.</param>
    /// <exception cref="DiagnosticException">MCU0511: a merged value is not finite.</exception>
    public static Graph Apply(Graph graph, BoundAdapter adapter)
    {
        if (adapter.Delta is not null)
        {
            throw new DiagnosticException("MCU1214", "A delta image holds int8 tables and has no float form.", adapter.Name, "Use --on reference, host or an emulator, or give the adapter that it was packed from.");
        }

        if (adapter.Structure is not null)
        {
            return adapter.Structure;
        }

        var nodes = graph.Nodes.ToArray();
        var constants = new ChangedConstants(graph);
        for (int i = 0; i < nodes.Length; i++)
        {
            BoundPatch[] patches = [.. adapter.PatchesOf(nodes[i].Name)];
            foreach ((int input, Tensor merged) in patches.Length == 0 ? [] : Merge(graph, nodes[i], patches))
            {
                CheckFinite(adapter, patches[0], merged);
                nodes[i] = nodes[i] with { Inputs = WithInput(nodes[i].Inputs, input, constants.Add(nodes[i], input, merged)) };
            }
        }

        return GraphValidator.Validate(graph.With(nodes, constants.Tensors));
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

    /// <summary>The constants that change, by input of the node.</summary>
    private static IEnumerable<(int Input, Tensor Value)> Merge(Graph graph, Node node, BoundPatch[] patches)
    {
        if (patches.OfType<NormPatch>().LastOrDefault() is { } norm)
        {
            return Norm(graph, node, norm);
        }

        Tensor weights = graph.InputOf(node, 1)!;
        Tensor? bias = graph.InputOf(node, 2);
        bool innermost = node.Operator is DepthwiseConv2D;
        int outputs = innermost ? weights.Shape[-1] : weights.Shape[0];
        float[]? biasValues = bias?.Floats();
        LayerEdit edit = LayerEdit.Of(weights.Floats(), biasValues, outputs, innermost, patches);
        List<(int, Tensor)> changed = [];
        if (edit.ChangesWeights || edit.RowFactors is not null)
        {
            changed.Add((1, weights with { Data = new FloatData(EquatableArray.Wrap(edit.Weights(innermost))) }));
        }

        if (edit.Bias is not null && !ReferenceEquals(edit.Bias, biasValues))
        {
            changed.Add((2, Vector(bias, node.Name + ".bias", EquatableArray.Wrap(edit.Bias))));
        }

        return changed;
    }

    private static IEnumerable<(int Input, Tensor Value)> Norm(Graph graph, Node node, NormPatch norm)
    {
        if (norm.Gamma is { } gamma)
        {
            yield return (1, Vector(graph.InputOf(node, 1), node.Name + ".weight", gamma));
        }

        if (norm.Beta is { } beta)
        {
            yield return (2, Vector(graph.InputOf(node, 2), node.Name + ".bias", beta));
        }
    }

    private static Tensor Vector(Tensor? present, string name, EquatableArray<float> values) =>
        (present ?? new Tensor(name, DataType.Float32, new Shape(values.Length))) with { Data = new FloatData(values) };

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

    /// <summary>New constants, under names of their own where another node reads the old one as well.</summary>
    private sealed class ChangedConstants(Graph graph)
    {
        private readonly Dictionary<string, int> uses = graph.Nodes.SelectMany(n => n.Inputs).CountBy(i => i, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        private readonly Dictionary<string, Tensor> changed = new(StringComparer.Ordinal);

        public IEnumerable<Tensor> Tensors => changed.Values;

        /// <summary>Returns the constant's name.</summary>
        public string Add(Node node, int input, Tensor constant)
        {
            bool taken = uses.GetValueOrDefault(constant.Name) > 1 || (graph.InputOf(node, input) is null && graph.Tensors.ContainsKey(constant.Name));
            string name = taken ? Unique(constant.Name) : constant.Name;
            changed[name] = constant with { Name = name };
            return name;
        }

        private string Unique(string name)
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
}
