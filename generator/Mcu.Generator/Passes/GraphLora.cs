using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>What happens to low-rank branches that stand in the graph itself, <c>W·x + s·B·A·x</c>.</summary>
public enum GraphLoraMode
{
    /// <summary>They run as they are written.</summary>
    Run,

    /// <summary>Folded into W.</summary>
    Merge,

    /// <summary>Taken out of the base and bound to it as an adapter.</summary>
    Lift,
}

/// <summary>One low-rank branch beside a fully connected layer or a convolution.</summary>
/// <param name="Sum">The addition that joins the two.</param>
/// <param name="Layer">W.</param>
/// <param name="Down">A, <c>[r,K]</c>; beside a convolution one of the same window, <c>[r,I,KH,KW]</c>.</param>
/// <param name="Up">B, <c>[O,r]</c>; beside a convolution one of a single pixel, <c>[O,r,1,1]</c>.</param>
/// <param name="Scale">Product of the constant factors in the branch.</param>
/// <param name="Nodes">Every node of the branch.</param>
internal sealed record GraphLoraBranch(Node Sum, LinearNode Layer, LinearNode Down, LinearNode Up, double Scale, IReadOnlyList<Node> Nodes)
{
    /// <summary>The branches of a graph whose matrix products are fully connected layers and whose biases are folded.</summary>
    public static IEnumerable<GraphLoraBranch> FindAll(Graph graph, GraphIndex index)
    {
        foreach (Node sum in graph.Nodes.Where(n => n.Operator is Add))
        {
            if ((Find(graph, index, sum, 0) ?? Find(graph, index, sum, 1)) is { } branch)
            {
                yield return branch;
            }
        }
    }

    /// <param name="side">Which input of the sum comes from W.</param>
    private static GraphLoraBranch? Find(Graph graph, GraphIndex index, Node sum, int side)
    {
        var nodes = new List<Node>();
        double scale = 1;
        if (LayerAt(graph, index, sum.Inputs[side]) is not { HasConstantBias: true } layer
            || !index.IsUsedOnce(sum.Inputs[side])
            || Unscaled(graph, index, sum.Inputs[1 - side], nodes, ref scale) is not { Bias: null } up
            || Unscaled(graph, index, up.Node.Inputs[0], nodes, ref scale) is not { Bias: null } down
            || down.Node.Inputs[0] != layer.Node.Inputs[0]
            || up.Outputs != layer.Outputs
            || graph[sum.Output].Shape != graph[layer.Node.Output].Shape
            || down.Node.Operator != layer.Node.Operator
            || !IsPointwise(up.Node.Operator)
            || down.Outputs >= Math.Min(layer.Outputs, layer.Weights.Data!.Length / layer.Outputs))
        {
            return null;
        }

        return new GraphLoraBranch(sum, layer, down, up, scale, nodes);
    }

    private static bool IsPointwise(Operator op) =>
        op is FullyConnected or Conv2D { Window: { KernelH: 1, KernelW: 1, StrideH: 1, StrideW: 1, Padding.IsZero: true } };

    /// <summary>The layer behind constant factors.</summary>
    private static LinearNode? Unscaled(Graph graph, GraphIndex index, string tensor, List<Node> nodes, ref double scale)
    {
        while (index.IsUsedOnce(tensor) && index.ProducerOf(tensor) is { Operator: Mul { Activation.IsNone: true } } product)
        {
            int constant = graph[product.Inputs[0]].IsConstant ? 0 : 1;
            if (ConstantOperand.Scalar(graph, product.Inputs[constant]) is not { } factor
                || graph[product.Inputs[1 - constant]].Shape != graph[tensor].Shape)
            {
                return null;
            }

            scale *= factor;
            nodes.Add(product);
            tensor = product.Inputs[1 - constant];
        }

        LinearNode? layer = index.IsUsedOnce(tensor) ? LayerAt(graph, index, tensor) : null;
        if (layer is not null)
        {
            nodes.Add(layer.Node);
        }

        return layer;
    }

    private static LinearNode? LayerAt(Graph graph, GraphIndex index, string tensor) =>
        index.ProducerOf(tensor) is { Operator: FullyConnected { Activation.IsNone: true } or Conv2D { Activation.IsNone: true, Groups: 1 } } node
            ? LinearNode.Of(graph, node)
            : null;
}
