using System.Collections.Immutable;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>The new graph while <see cref="NchwToNhwc"/> walks the old one, and the views that connect the two.</summary>
internal sealed class LayoutRewriter
{
    private readonly List<Node> nodes = [];
    private readonly Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LayoutView> views = new(StringComparer.Ordinal);
    private readonly Dictionary<LayoutView, string> computed = [];
    private readonly Dictionary<string, string> permutedWeights = new(StringComparer.Ordinal);
    private readonly HashSet<string> nodeNames;

    public LayoutRewriter(Graph graph)
    {
        Old = graph;
        Index = new GraphIndex(graph);
        nodeNames = graph.Nodes.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        foreach (Tensor tensor in graph.Tensors.Values.Where(t => t.IsConstant || graph.Inputs.Contains(t.Name)))
        {
            tensors.Add(tensor.Name, tensor);
        }
    }

    public Graph Old { get; }

    public GraphIndex Index { get; }

    public LayoutView ViewOf(string name) =>
        views.TryGetValue(name, out LayoutView? view) ? view : LayoutView.Of(name, Old[name].Shape);

    public bool IsConstant(string name) => Old[name].IsConstant;

    /// <summary>The tensor in its old order; computed at most once.</summary>
    public string InOldOrder(string name) => name.Length == 0 ? "" : Compute(ViewOf(name), Old[name], "source");

    /// <summary>The value of a view as a tensor of the new graph; <paramref name="like"/> gives type, name and source.</summary>
    public string Compute(LayoutView view, Tensor like, string suffix)
    {
        if (view.IsIdentity)
        {
            return view.Base;
        }

        if (!computed.TryGetValue(view, out string? name))
        {
            name = Fresh($"{like.Name}/{suffix}");
            Emit(view, like, name);
            computed.Add(view, name);
        }

        return name;
    }

    /// <summary>A plain view of the tensor in another axis order, as a tensor of the new graph.</summary>
    public string InOrder(string name, EquatableArray<int> permutation)
    {
        LayoutView view = ViewOf(name);
        view = view.IsPlain ? view : LayoutView.Of(InOldOrder(name), Old[name].Shape);
        Tensor like = Old[name] with { Source = SourceOf(Old[name], permutation) };
        return Compute(view.Transposed(permutation), like, "nhwc");
    }

    /// <summary>
    /// Adds a node whose output holds the old output transposed back: <c>old = Transpose(new, view)</c> with a final shape.
    /// </summary>
    public void Add(Node node, Operator op, EquatableArray<string> inputs, Shape baseShape, EquatableArray<int> view, bool plain = true)
    {
        Tensor old = Old[node.Output];
        bool same = Permute.IsIdentity(view) && baseShape == old.Shape;
        string name = same || !Index.IsOutput(node.Output) ? node.Output : Fresh($"{node.Output}/nhwc");
        TensorSource? source = same ? old.Source : plain ? SourceOf(old, Permute.Inverse(view)) : null;
        tensors.Add(name, old with { Name = name, Shape = baseShape, Source = source });
        nodes.Add(new Node(node.Name, op, inputs, [name]));
        views[node.Output] = new LayoutView(name, baseShape, view, old.Shape);
    }

    /// <summary>The node as it was, on inputs in their old order.</summary>
    public void AddUnchanged(Node node)
    {
        nodes.Add(node with { Inputs = node.Inputs.Select(InOldOrder).ToEquatableArray() });
        foreach (string output in node.Outputs)
        {
            tensors.Add(output, Old[output]);
        }
    }

    /// <summary>Lets a tensor of the old graph be a view; no node is added.</summary>
    public void SetView(string name, LayoutView view) => views[name] = view;

    /// <summary>A reshape of a tensor of the new graph that the old one does not have.</summary>
    public string AddReshape(string input, Shape shape, string name)
    {
        string output = Fresh(name);
        tensors.Add(output, tensors[input] with { Name = output, Shape = shape, Source = null });
        nodes.Add(new Node(FreshNode(output), new Reshape(shape), [input], [output]));
        return output;
    }

    /// <summary>Weights in another axis order, under their own name where every reader wants that order.</summary>
    public string PermutedWeights(Tensor weights, EquatableArray<int> permutation)
    {
        if (!permutedWeights.TryGetValue(weights.Name, out string? name))
        {
            bool own = Index.ConsumersOf(weights.Name).All(n => n.Operator is Conv2D { Layout: Layout.Nchw }) && !Index.IsOutput(weights.Name);
            name = SetConstant(weights, Constants.Permuted(weights, permutation), own);
            permutedWeights.Add(weights.Name, name);
        }

        return name;
    }

    /// <summary>A changed constant, under its own name or a new one.</summary>
    public string SetConstant(Tensor original, Tensor modified, bool keepName)
    {
        string name = keepName ? original.Name : Fresh($"{original.Name}/nhwc");
        tensors[name] = modified with { Name = name };
        return name;
    }

    /// <summary>The new graph; outputs are put back into their old order and name.</summary>
    public Graph Build()
    {
        foreach (string output in Old.Outputs)
        {
            LayoutView view = ViewOf(output);
            if (view.Base == output && view.IsIdentity)
            {
                continue;
            }

            if (view.IsIdentity)
            {
                tensors.Add(output, Old[output]);
                nodes.Add(new Node(FreshNode($"{output}/copy"), new Identity(), [view.Base], [output]));
            }
            else
            {
                Emit(view, Old[output], output);
            }
        }

        return GraphRewrite.WithoutUnusedTensors(Old with
        {
            Nodes = nodes.ToEquatableArray(),
            Tensors = tensors.ToImmutableDictionary(StringComparer.Ordinal),
        });
    }

    /// <summary>Where the tensor comes from, for a form with <c>new.Shape[i] == old.Shape[permutation[i]]</c>.</summary>
    public static TensorSource? SourceOf(Tensor old, EquatableArray<int> permutation)
    {
        if (old.Source is not { } source)
        {
            return null;
        }

        EquatableArray<int> before = source.Permutation;
        EquatableArray<int> total = before.Length == 0 ? permutation : permutation.Select(p => before[p]).ToEquatableArray();
        return source with { Permutation = Permute.IsIdentity(total) ? [] : total };
    }

    private void Emit(LayoutView view, Tensor like, string name)
    {
        string input = view.Base;
        bool reshapes = view.KeepsOrder || !view.IsPlain;
        if (!view.KeepsOrder)
        {
            string moved = reshapes ? Fresh($"{name}/transposed") : name;
            tensors.Add(moved, like with { Name = moved, Shape = Permute.Shape(view.BaseShape, view.Permutation), Source = reshapes ? null : like.Source });
            nodes.Add(new Node(FreshNode($"{name}/transpose"), new Transpose(view.Permutation), [input], [moved]));
            input = moved;
        }

        if (reshapes)
        {
            tensors.Add(name, like with { Name = name, Shape = view.Shape });
            nodes.Add(new Node(FreshNode($"{name}/reshape"), new Reshape(view.Shape), [input], [name]));
        }
    }

    private string Fresh(string name)
    {
        string free = name;
        for (int i = 2; tensors.ContainsKey(free) || Old.Tensors.ContainsKey(free); i++)
        {
            free = $"{name}{i}";
        }

        return free;
    }

    private string FreshNode(string name)
    {
        string free = name;
        for (int i = 2; !nodeNames.Add(free); i++)
        {
            free = $"{name}{i}";
        }

        return free;
    }
}
