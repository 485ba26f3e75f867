using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Passes;

/// <summary>
/// Subtracting a constant becomes adding its negative, dividing by one multiplying by its reciprocal: fewer operators
/// for the passes after it and for the device. Runs after the passes that look for the written form.
/// </summary>
public sealed class ConstantOperands : IGraphPass
{
    public string Name => nameof(ConstantOperands);

    public Graph Run(Graph graph, DiagnosticBag notes) => GraphRewrite.ToFixpoint(graph, Sweep);

    private static void Sweep(GraphRewrite rewrite)
    {
        foreach (Node node in rewrite.Graph.Nodes.Where(n => n.Operator is Sub or Div))
        {
            bool subtracts = node.Operator is Sub;
            if (rewrite.Graph[node.Inputs[1]] is not { Data: FloatData } constant)
            {
                continue;
            }

            float[] values = Array.ConvertAll(constant.Floats(), v => subtracts ? -v : (float)(1.0 / v));
            if (Array.TrueForAll(values, float.IsFinite) && rewrite.TryTake(node))
            {
                string name = rewrite.SetConstant(constant, Constants.Of(constant, constant.Shape, values), subtracts ? "negative" : "reciprocal");
                Operator op = subtracts ? new Add(FusedActivation.None) : new Mul(FusedActivation.None);
                rewrite.Replace(node, node with { Operator = op, Inputs = [node.Inputs[0], name] });
            }
        }
    }
}
