using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// A float mean over height, width or both of an NHWC map becomes an average pool over the whole extent. Int8 graphs are
/// left alone: TensorFlow Lite rounds the two differently.
/// </summary>
public sealed class MeanToAveragePool : IGraphPass
{
    public string Name => nameof(MeanToAveragePool);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes)
        {
            Tensor x = rewrite.Graph[node.Inputs[0]];
            if (node.Operator is Mean mean
                && x.Type == DataType.Float32
                && x.Shape.Rank == 4
                && mean.Axes.Length > 0
                && mean.Axes.All(a => a is 1 or 2)
                && rewrite.TryTake(node))
            {
                rewrite.Replace(node, Nodes(rewrite, node, mean, x));
            }
        }
    }

    private static List<Node> Nodes(GraphRewrite rewrite, Node node, Mean mean, Tensor x)
    {
        int height = mean.Axes.Contains(1) ? x.Shape[1] : 1;
        int width = mean.Axes.Contains(2) ? x.Shape[2] : 1;
        var pool = new AveragePool2D(new Window2D(height, width, height, width, 1, 1, default), false, FusedActivation.None);
        if (mean.KeepDims)
        {
            return [node with { Operator = pool }];
        }

        var shape = new Shape(x.Shape[0], x.Shape[1] / height, x.Shape[2] / width, x.Shape[3]);
        string pooled = rewrite.FreshTensor($"{node.Output}/pooled");
        rewrite.SetTensor(new Tensor(pooled, x.Type, shape));
        return
        [
            node with { Operator = pool, Outputs = [pooled] },
            new Node(rewrite.FreshNode($"{node.Name}/shape"), new Reshape(rewrite.Graph[node.Output].Shape), [pooled], node.Outputs),
        ];
    }
}
