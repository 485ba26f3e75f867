using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A layer that is linear in its input, with constant float weights whose axis 0 is the output channel: convolution in
/// either layout, or fully connected.
/// </summary>
internal sealed record LinearNode(Node Node, Tensor Weights, Tensor? Bias, int ChannelAxis, int OutputRank, FusedActivation Activation)
{
    public int Outputs => Weights.Shape[0];

    public bool HasConstantBias => Bias is null or { Data: FloatData };

    /// <summary>The node as a linear layer, or null.</summary>
    public static LinearNode? Of(Graph graph, Node node)
    {
        if (graph.InputOf(node, 1) is not { Data: FloatData } weights)
        {
            return null;
        }

        int rank = graph[node.Output].Shape.Rank;
        Tensor? bias = graph.InputOf(node, 2);
        return node.Operator switch
        {
            Conv2D c => new LinearNode(node, weights, bias, c.Layout == Layout.Nchw ? 1 : 3, rank, c.Activation),
            FullyConnected f => new LinearNode(node, weights, bias, rank - 1, rank, f.Activation),
            _ => null,
        };
    }

    /// <summary>The operator with an activation.</summary>
    public Operator With(FusedActivation activation) => Node.Operator switch
    {
        Conv2D c => c with { Activation = activation },
        FullyConnected f => f with { Activation = activation },
        _ => throw new InvalidOperationException("Not a linear layer."),
    };
}
