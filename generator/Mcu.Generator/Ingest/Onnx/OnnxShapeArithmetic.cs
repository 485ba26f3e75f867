using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>
/// Operators by which exporters compute shapes. Shapes are static, so their results are constants that exist only while
/// reading; on activations these operators are refused, but for Concat.
/// </summary>
internal static class OnnxShapeArithmetic
{
    private const int MostInputs = 1024;

    private const string Hint = "It is supported only where it computes a shape; export with fixed shapes.";

    public static void Constant(OnnxNode node, OnnxGraphBuilder graph, Shape shape, long[] values)
    {
        node.Require(node.Proto.Output.Count == 1 && node.Proto.Output[0].Length > 0, "MCU0321", "the node needs one output");
        graph.AddConstant(node, new Tensor(node.Proto.Output[0], DataType.Int64, shape) { Data = new Int64Data(EquatableArray.Wrap(values)) });
    }

    public static void ReadShape(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("start", "end");
        OnnxOperators.Inputs(node, graph, 1, 1);
        Shape shape = graph.Input(node, 0).Shape;
        int start = Bound(node.Int64("start", 0), shape.Rank);
        int end = Bound(node.Int64("end", shape.Rank), shape.Rank);
        long[] dims = [.. shape.Dims.Take(Math.Max(start, end)).Skip(start).Select(d => (long)d)];
        Constant(node, graph, new Shape(dims.Length), dims);
    }

    public static void ReadGather(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("axis");
        OnnxOperators.Inputs(node, graph, 2, 2);
        long[] data = Integers(node, graph, 0);
        long[] indices = Integers(node, graph, 1);
        node.Require(graph.Input(node, 0).Shape.Rank == 1 && node.Axis(node.Int("axis", 0), 1) == 0, "MCU0319", "only vectors are gathered from", Hint);
        Constant(node, graph, graph.Input(node, 1).Shape, [.. indices.Select(i => data[node.Axis(i, data.Length)])]);
    }

    public static void ReadConcat(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("axis");
        node.Require(node.InputCount is > 0 and <= MostInputs, "MCU0321", $"the node has {node.InputCount} inputs");
        string[] names = OnnxOperators.Inputs(node, graph, node.InputCount, node.InputCount);
        if (graph.Input(node, 0).Type == DataType.Float32)
        {
            node.Require(node.Has("axis"), "MCU0317", "attribute 'axis' is missing");
            graph.Add(node, new Concat(node.Axis(node.Int("axis", 0), graph.Input(node, 0).Shape.Rank)), names);
            return;
        }

        var values = new List<long>();
        for (int i = 0; i < node.InputCount; i++)
        {
            values.AddRange(Integers(node, graph, i));
            node.Require(graph.Input(node, i).Shape.Rank == 1, "MCU0319", "only vectors are concatenated", Hint);
        }

        node.Require(node.Axis(node.Int("axis", 0), 1) == 0 && values.Count <= OnnxTensors.MaxRank, "MCU0319", "the result is no shape", Hint);
        Constant(node, graph, new Shape(values.Count), [.. values]);
    }

    private static long[] Integers(OnnxNode node, OnnxGraphBuilder graph, int index) =>
        OnnxTensors.Integers(graph.Input(node, index)) ?? throw node.Error("MCU0319", $"input '{node.InputName(index)}' is no constant of integers", Hint);

    private static int Bound(long value, int rank) => (int)Math.Clamp(value < 0 ? value + rank : value, 0, rank);
}
