using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>Arithmetic and activation functions.</summary>
internal static class OnnxElementwiseOperators
{
    public static void ReadAdd(OnnxNode node, OnnxGraphBuilder graph) => ReadBinary(node, graph, new Add(FusedActivation.None));

    public static void ReadDiv(OnnxNode node, OnnxGraphBuilder graph) => ReadBinary(node, graph, new Div());

    public static void ReadMul(OnnxNode node, OnnxGraphBuilder graph) => ReadBinary(node, graph, new Mul(FusedActivation.None));

    public static void ReadSub(OnnxNode node, OnnxGraphBuilder graph) => ReadBinary(node, graph, new Sub());

    /// <summary>The exponent may be an integer constant, which becomes a float one.</summary>
    public static void ReadPow(OnnxNode node, OnnxGraphBuilder graph)
    {
        CheckBroadcast(node, graph);
        string[] inputs = OnnxOperators.Inputs(node, graph, 2, 2);
        Tensor exponent = graph.Input(node, 1);
        if (OnnxTensors.Integers(exponent) is { } integers)
        {
            inputs[1] = graph.AddFloats(node, "exponent", exponent.Shape, Array.ConvertAll(integers, i => (float)i));
        }

        graph.Add(node, new Pow(), inputs);
    }

    public static void ReadSqrt(OnnxNode node, OnnxGraphBuilder graph) => ReadUnary(node, graph, new Sqrt());

    public static void ReadErf(OnnxNode node, OnnxGraphBuilder graph) => ReadUnary(node, graph, new Erf());

    public static void ReadMicrosoftGelu(OnnxNode node, OnnxGraphBuilder graph) => ReadUnary(node, graph, new Gelu(false));

    /// <summary>Standard since operator set 20.</summary>
    public static void ReadGelu(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("approximate");
        string form = node.Text("approximate", "none");
        node.Require(form is "none" or "tanh", "MCU0317", $"'approximate' is '{form}', not 'none' or 'tanh'");
        graph.Add(node, new Gelu(form == "tanh"), OnnxOperators.Inputs(node, graph, 1, 1));
    }

    /// <summary>The tanh form, with an optional bias that is added first.</summary>
    public static void ReadFastGelu(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow();
        string[] inputs = OnnxOperators.Inputs(node, graph, 1, 2);
        if (graph.OptionalInput(node, 1) is null)
        {
            graph.Add(node, new Gelu(true), inputs[0]);
            return;
        }

        Tensor sum = graph.AddHead(node, "sum", new Add(FusedActivation.None), inputs);
        graph.AddTail(node, "gelu", new Gelu(true), sum.Name);
    }

    public static void ReadRelu(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow();
        graph.Add(node, new Clamp(FusedActivation.Relu), OnnxOperators.Inputs(node, graph, 1, 1));
    }

    public static void ReadClip(OnnxNode node, OnnxGraphBuilder graph)
    {
        float? min;
        float? max;
        if (node.Opset < 11)
        {
            node.Allow("min", "max");
            OnnxOperators.Inputs(node, graph, 1, 1);
            min = node.Float("min", float.MinValue);
            max = node.Float("max", float.MaxValue);
        }
        else
        {
            node.Allow();
            OnnxOperators.Inputs(node, graph, 1, 3);
            min = graph.OptionalScalar(node, 1);
            max = graph.OptionalScalar(node, 2);
        }

        // The largest finite numbers are the default of old operator sets and mean no bound.
        float low = min is null or float.MinValue ? float.NegativeInfinity : min.Value;
        float high = max is null or float.MaxValue ? float.PositiveInfinity : max.Value;
        graph.Add(node, new Clamp(new FusedActivation(low, high)), node.InputName(0));
    }

    private static void ReadUnary(OnnxNode node, OnnxGraphBuilder graph, Operator op)
    {
        node.Allow();
        graph.Add(node, op, OnnxOperators.Inputs(node, graph, 1, 1));
    }

    private static void ReadBinary(OnnxNode node, OnnxGraphBuilder graph, Operator op)
    {
        CheckBroadcast(node, graph);
        graph.Add(node, op, OnnxOperators.Inputs(node, graph, 2, 2));
    }

    private static void CheckBroadcast(OnnxNode node, OnnxGraphBuilder graph)
    {
        if (node.Opset >= 7)
        {
            node.Allow();
            return;
        }

        node.Allow("broadcast", "axis", "consumed_inputs");
        bool explicitAxis = node.Int("broadcast", 0) == 1 && node.Has("axis");
        Shape a = graph.Input(node, 0).Shape;
        Shape b = graph.Input(node, 1).Shape;
        bool numpy = a.Rank == b.Rank || !explicitAxis || node.Axis(node.Int("axis", 0), a.Rank) == a.Rank - b.Rank;
        node.Require(numpy, "MCU0317", "'axis' broadcasting of operator set 6 is supported only where it equals NumPy's", "Export with operator set 13.");
    }
}
