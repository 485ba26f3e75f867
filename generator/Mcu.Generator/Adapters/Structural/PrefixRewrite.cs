using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Structural;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Adapters.Structural;

/// <summary>Puts keys and values in front of those that an attention computes; queries, and so the sequence, stay as they are.</summary>
internal static class PrefixRewrite
{
    public static StructuralPlaces Apply(StructuralPlaces places, PrefixPart part)
    {
        (Node scores, Node sums) = Attention(places, part);
        var edit = new GraphEdit(places.Graph);
        int rows = part.Key.Shape[-2];
        var growth = new SequenceGrowth(places, part, edit, rows);
        Lengthen(places, part, edit, growth, scores, ((BatchMatMul)scores.Operator).TransposeY, part.Key, "key");
        Lengthen(places, part, edit, growth, sums, !((BatchMatMul)sums.Operator).TransposeY, part.Value, "value");
        growth.Run();
        return places.With(edit.Build(), "", "");
    }

    /// <summary>
    /// The product of queries and keys and the one of weights and values around the softmax that the place names: by itself, or as the one softmax
    /// that what the place writes leads to.
    /// </summary>
    private static (Node Scores, Node Sums) Attention(StructuralPlaces places, PrefixPart part)
    {
        Graph graph = places.Graph;
        Tensor named = places.Output(part, part.Place);
        Node? softmax = graph.ProducerOf(named.Name);
        for (int i = 0; softmax is { Operator: BatchMatMul or Mul or Add } && i < 4; i++)
        {
            Node[] readers = [.. graph.ConsumersOf(softmax.Output)];
            softmax = readers.Length == 1 ? readers[0] : null;
        }

        (Node Scores, Node Sums)? found = softmax is null ? null : Around(graph, softmax);
        places.Require(part, found is not null, "MCU0664", $"'{Names.Short(named.Name)}' belongs to no attention: a softmax over keys between two products of activations is wanted", "Name the node of the attention's softmax.");
        return found!.Value;
    }

    /// <summary>The products of activations before and after a softmax over keys; null where it is none of an attention.</summary>
    public static (Node Scores, Node Sums)? Around(Graph graph, Node softmax)
    {
        Node? sums = softmax is { Operator: Softmax } && graph.ConsumersOf(softmax.Output).ToArray() is [{ Operator: BatchMatMul } only] && only.Inputs[0] == softmax.Output ? only : null;
        Node? scores = graph.ProducerOf(softmax.Inputs[0]);
        while (scores is { Operator: Mul or Add or Div or Sub })
        {
            scores = scores.Inputs.Select(graph.ProducerOf).FirstOrDefault(n => n is not null);
        }

        return sums is not null && scores is { Operator: BatchMatMul } && ((Softmax)softmax.Operator).Axis == graph[softmax.Output].Shape.Rank - 1 ? (scores, sums) : null;
    }

    /// <param name="product">Its second input holds keys or values.</param>
    /// <param name="rowsFirst">Whether they lie as <c>[…,rows,size]</c>; else transposed.</param>
    private static void Lengthen(StructuralPlaces places, PrefixPart part, GraphEdit edit, SequenceGrowth growth, Node product, bool rowsFirst, AdapterTensor prefix, string which)
    {
        Source source = Unmoved(places.Graph, product, rowsFirst);
        Tensor tensor = places.Graph[source.Tensor];
        int[] others = [.. Enumerable.Range(0, tensor.Shape.Rank).Where(i => i != source.Rows && i != source.Size)];
        int heads = (int)others.Aggregate(1L, (p, axis) => p * tensor.Shape[axis]);
        int size = tensor.Shape[source.Size];
        bool fits = prefix.Shape.Rank == 2 ? prefix.Shape[1] == (long)heads * size : prefix.Shape[0] == heads && prefix.Shape[2] == size;
        places.Require(part, fits && !tensor.IsConstant, "MCU0665", $"'{which}' {prefix.Shape} does not fit the {heads} heads of size {size} of '{Names.Short(tensor.Name)}' {tensor.Shape}");
        EquatableArray<float> rows = Turned(prefix, tensor.Shape, source, others, heads, size);
        string longer = PromptRewrite.Prepend(edit, $"{part.Name}/{which}", tensor, source.Rows, rows, prefix.Shape[-2]);
        edit.RenameInput(edit.Nodes.ToList().FindIndex(n => n.Name == source.Reader), tensor.Name, longer);
        growth.Start(longer, source.Rows);
    }

    /// <summary>
    /// Keys or values as they lie before transposes and factors (half of attention's scale) that the exporter put between them and the product:
    /// the prefix is moved and scaled with them.
    /// </summary>
    private static Source Unmoved(Graph graph, Node product, bool rowsFirst)
    {
        string tensor = product.Inputs[1];
        int rank = graph[tensor].Shape.Rank;
        var source = new Source(product.Name, tensor, rank - (rowsFirst ? 2 : 1), rank - (rowsFirst ? 1 : 2));
        while (graph.ProducerOf(source.Tensor) is { } node && graph.ConsumersOf(source.Tensor).Count() == 1)
        {
            if (node.Operator is Transpose transpose)
            {
                source = new Source(node.Name, node.Inputs[0], transpose.Permutation[source.Rows], transpose.Permutation[source.Size]);
            }
            else if (node.Operator is Mul or Div && node.Inputs.Any(i => graph[i] is { IsConstant: true, Shape.Elements: 1 }))
            {
                source = source with { Reader = node.Name, Tensor = node.Inputs.First(i => !graph[i].IsConstant) };
            }
            else
            {
                break;
            }
        }

        return source;
    }

    /// <summary>The prefix with its axes as the tensor's.</summary>
    /// <param name="heads">Product of the axes <paramref name="others"/>.</param>
    private static EquatableArray<float> Turned(AdapterTensor prefix, Shape shape, Source source, int[] others, int heads, int size)
    {
        int rows = prefix.Shape[-2];
        float[] byHead = prefix.Shape.Rank == 3
            ? prefix.Values.ToArray()
            : Permute.Data<float>(prefix.Values.Span, new Shape(rows, heads, size), [1, 0, 2]);
        int[] order = [.. others, source.Rows, source.Size];
        int[] lying = [.. others.Select(axis => shape[axis]), rows, size];
        return EquatableArray.Wrap(Permute.Data<float>(byHead, new Shape(lying), Enumerable.Range(0, shape.Rank).Select(axis => Array.IndexOf(order, axis)).ToEquatableArray()));
    }

    /// <summary>Where rows are added.</summary>
    /// <param name="Reader">The node that reads the longer tensor.</param>
    /// <param name="Rows">Axis of keys or values.</param>
    /// <param name="Size">Axis of their components.</param>
    private sealed record Source(string Reader, string Tensor, int Rows, int Size);
}
