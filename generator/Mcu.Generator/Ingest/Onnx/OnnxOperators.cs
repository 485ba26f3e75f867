using System.Collections.Frozen;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>The ONNX operators that are read, one line each, and the element-wise and matrix ones themselves.</summary>
internal static class OnnxOperators
{
    private static readonly FrozenDictionary<string, Action<OnnxNode, OnnxGraphBuilder>> Readers =
        new Dictionary<string, Action<OnnxNode, OnnxGraphBuilder>>(StringComparer.Ordinal)
        {
            ["Add"] = ReadAdd,
            ["AveragePool"] = OnnxWindowOperators.ReadAveragePool,
            ["BatchNormalization"] = ReadBatchNormalization,
            ["Cast"] = ReadCast,
            ["Clip"] = ReadClip,
            ["Concat"] = OnnxShapeArithmetic.ReadConcat,
            ["Constant"] = OnnxConstants.Read,
            ["Conv"] = OnnxWindowOperators.ReadConv,
            ["Dropout"] = ReadDropout,
            ["Flatten"] = OnnxShapeOperators.ReadFlatten,
            ["Gather"] = OnnxShapeArithmetic.ReadGather,
            ["Gemm"] = ReadGemm,
            ["GlobalAveragePool"] = OnnxWindowOperators.ReadGlobalAveragePool,
            ["GlobalMaxPool"] = OnnxWindowOperators.ReadGlobalMaxPool,
            ["Identity"] = ReadIdentity,
            ["MatMul"] = ReadMatMul,
            ["MaxPool"] = OnnxWindowOperators.ReadMaxPool,
            ["Pad"] = OnnxShapeOperators.ReadPad,
            ["ReduceMean"] = OnnxShapeOperators.ReadReduceMean,
            ["Relu"] = ReadRelu,
            ["Reshape"] = OnnxShapeOperators.ReadReshape,
            ["Shape"] = OnnxShapeArithmetic.ReadShape,
            ["Softmax"] = OnnxShapeOperators.ReadSoftmax,
            ["Squeeze"] = OnnxShapeOperators.ReadSqueeze,
            ["Transpose"] = OnnxShapeOperators.ReadTranspose,
            ["Unsqueeze"] = OnnxShapeOperators.ReadUnsqueeze,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<string> Names => Readers.Keys.Order(StringComparer.Ordinal);

    public static bool IsKnown(NodeProto node) => node.Domain is "" or "ai.onnx" && Readers.ContainsKey(node.OpType);

    public static void Read(OnnxNode node, OnnxGraphBuilder graph) => Readers[node.Op](node, graph);

    /// <summary>Checks the number of inputs and returns their names; every input must exist.</summary>
    public static string[] Inputs(OnnxNode node, OnnxGraphBuilder graph, int least, int most)
    {
        node.Require(node.InputCount >= least && node.InputCount <= most, "MCU0321", $"the node has {node.InputCount} inputs; {least} to {most} are expected");
        for (int i = 0; i < node.InputCount; i++)
        {
            _ = i < least ? graph.Input(node, i) : graph.OptionalInput(node, i);
        }

        return [.. node.Proto.Input];
    }

    private static void ReadAdd(OnnxNode node, OnnxGraphBuilder graph)
    {
        if (node.Opset < 7)
        {
            node.Allow("broadcast", "axis", "consumed_inputs");
            bool explicitAxis = node.Int("broadcast", 0) == 1 && node.Has("axis");
            Shape a = graph.Input(node, 0).Shape;
            Shape b = graph.Input(node, 1).Shape;
            bool numpy = a.Rank == b.Rank || !explicitAxis || node.Axis(node.Int("axis", 0), a.Rank) == a.Rank - b.Rank;
            node.Require(numpy, "MCU0317", "'axis' broadcasting of operator set 6 is supported only where it equals NumPy's", "Export with operator set 13.");
        }
        else
        {
            node.Allow();
        }

        graph.Add(node, new Add(FusedActivation.None), Inputs(node, graph, 2, 2));
    }

    private static void ReadRelu(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow();
        graph.Add(node, new Clamp(FusedActivation.Relu), Inputs(node, graph, 1, 1));
    }

    private static void ReadClip(OnnxNode node, OnnxGraphBuilder graph)
    {
        float? min;
        float? max;
        if (node.Opset < 11)
        {
            node.Allow("min", "max");
            Inputs(node, graph, 1, 1);
            min = node.Float("min", float.MinValue);
            max = node.Float("max", float.MaxValue);
        }
        else
        {
            node.Allow();
            Inputs(node, graph, 1, 3);
            min = graph.OptionalScalar(node, 1);
            max = graph.OptionalScalar(node, 2);
        }

        // The largest finite numbers are the default of old operator sets and mean no bound.
        float low = min is null or float.MinValue ? float.NegativeInfinity : min.Value;
        float high = max is null or float.MaxValue ? float.PositiveInfinity : max.Value;
        graph.Add(node, new Clamp(new FusedActivation(low, high)), node.InputName(0));
    }

    private static void ReadBatchNormalization(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("epsilon", "momentum", "is_test", "spatial", "training_mode");
        node.Require(node.Int("spatial", 1) == 1, "MCU0317", "'spatial' 0 is not supported");
        bool training = node.Int("training_mode", 0) != 0 || (node.Opset < 7 && node.Int("is_test", 0) == 0);
        node.Require(!training, "MCU0317", "the node is in training mode", "Export the model in evaluation mode.");
        graph.Add(node, new BatchNormalization(node.Float("epsilon", 1e-5f)), Inputs(node, graph, 5, 5));
    }

    private static void ReadGemm(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow(node.Opset < 7 ? ["alpha", "beta", "transA", "transB", "broadcast"] : ["alpha", "beta", "transA", "transB"]);
        graph.Add(
            node,
            new Gemm(node.Float("alpha", 1), node.Float("beta", 1), node.Int("transA", 0) != 0, node.Int("transB", 0) != 0),
            Inputs(node, graph, 2, 3));
    }

    private static void ReadMatMul(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow();
        graph.Add(node, new MatMul(), Inputs(node, graph, 2, 2));
    }

    private static void ReadIdentity(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow();
        Inputs(node, graph, 1, 1);
        Pass(node, graph);
    }

    private static void ReadDropout(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("ratio", "is_test", "seed");
        Inputs(node, graph, 1, 3);
        bool training = (graph.OptionalIntegers(node, 2) is { } mode && mode.Any(m => m != 0)) || (node.Opset < 7 && node.Int("is_test", 0) == 0);
        node.Require(!training, "MCU0317", "the node is in training mode", "Export the model in evaluation mode.");
        Pass(node, graph);
    }

    private static void ReadCast(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("to", "saturate");
        Inputs(node, graph, 1, 1);
        int to = node.Int("to", 0);
        bool integers = OnnxTensors.Integers(graph.Input(node, 0)) is not null;
        bool keeps = integers ? to is OnnxTensors.Int64 or OnnxTensors.Int32 : to == OnnxTensors.Float;
        node.Require(keeps, "MCU0317", $"a cast to {OnnxTensors.TypeName(to)} is not supported", "Export the model as float32.");
        Pass(node, graph);
    }

    /// <summary>An activation or float constant passes through an Identity; integers stay constants of the reader.</summary>
    private static void Pass(OnnxNode node, OnnxGraphBuilder graph)
    {
        Tensor x = graph.Input(node, 0);
        if (OnnxTensors.Integers(x) is not null)
        {
            OnnxShapeArithmetic.Constant(node, graph, x.Shape, OnnxTensors.Integers(x)!);
            return;
        }

        graph.Add(node, new Identity(), x.Name);
    }
}
