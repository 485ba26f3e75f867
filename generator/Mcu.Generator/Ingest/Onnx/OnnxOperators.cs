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
            ["Add"] = OnnxElementwiseOperators.ReadAdd,
            ["AveragePool"] = OnnxWindowOperators.ReadAveragePool,
            ["BatchNormalization"] = ReadBatchNormalization,
            ["Cast"] = ReadCast,
            ["Clip"] = OnnxElementwiseOperators.ReadClip,
            ["Concat"] = OnnxShapeArithmetic.ReadConcat,
            ["Constant"] = OnnxConstants.Read,
            ["Conv"] = OnnxWindowOperators.ReadConv,
            ["Div"] = OnnxElementwiseOperators.ReadDiv,
            ["Dropout"] = ReadDropout,
            ["Erf"] = OnnxElementwiseOperators.ReadErf,
            ["Flatten"] = OnnxShapeOperators.ReadFlatten,
            ["Gather"] = OnnxShapeArithmetic.ReadGather,
            ["Gelu"] = OnnxElementwiseOperators.ReadGelu,
            ["Gemm"] = ReadGemm,
            ["GlobalAveragePool"] = OnnxWindowOperators.ReadGlobalAveragePool,
            ["GlobalMaxPool"] = OnnxWindowOperators.ReadGlobalMaxPool,
            ["Identity"] = ReadIdentity,
            ["LayerNormalization"] = ReadLayerNormalization,
            ["MatMul"] = ReadMatMul,
            ["MaxPool"] = OnnxWindowOperators.ReadMaxPool,
            ["Mul"] = OnnxElementwiseOperators.ReadMul,
            ["Pad"] = OnnxShapeOperators.ReadPad,
            ["Pow"] = OnnxElementwiseOperators.ReadPow,
            ["ReduceMean"] = OnnxShapeOperators.ReadReduceMean,
            ["Relu"] = OnnxElementwiseOperators.ReadRelu,
            ["Reshape"] = OnnxShapeOperators.ReadReshape,
            ["Shape"] = OnnxShapeArithmetic.ReadShape,
            ["Softmax"] = OnnxShapeOperators.ReadSoftmax,
            ["Sqrt"] = OnnxElementwiseOperators.ReadSqrt,
            ["Squeeze"] = OnnxShapeOperators.ReadSqueeze,
            ["Sub"] = OnnxElementwiseOperators.ReadSub,
            ["Transpose"] = OnnxShapeOperators.ReadTranspose,
            ["Unsqueeze"] = OnnxShapeOperators.ReadUnsqueeze,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Operators of ONNX Runtime's own domain.</summary>
    private static readonly FrozenDictionary<string, Action<OnnxNode, OnnxGraphBuilder>> MicrosoftReaders =
        new Dictionary<string, Action<OnnxNode, OnnxGraphBuilder>>(StringComparer.Ordinal)
        {
            ["FastGelu"] = OnnxElementwiseOperators.ReadFastGelu,
            ["Gelu"] = OnnxElementwiseOperators.ReadMicrosoftGelu,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<string> Names => Readers.Keys.Order(StringComparer.Ordinal);

    public static IEnumerable<string> MicrosoftNames => MicrosoftReaders.Keys.Order(StringComparer.Ordinal);

    public static bool IsKnown(NodeProto node) => ReadersOf(node)?.ContainsKey(node.OpType) == true;

    public static void Read(OnnxNode node, OnnxGraphBuilder graph) => ReadersOf(node.Proto)![node.Op](node, graph);

    private static FrozenDictionary<string, Action<OnnxNode, OnnxGraphBuilder>>? ReadersOf(NodeProto node) => node.Domain switch
    {
        "" or "ai.onnx" => Readers,
        OnnxFile.MicrosoftDomain => MicrosoftReaders,
        _ => null,
    };

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

    private static void ReadBatchNormalization(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("epsilon", "momentum", "is_test", "spatial", "training_mode");
        node.Require(node.Int("spatial", 1) == 1, "MCU0317", "'spatial' 0 is not supported");
        bool training = node.Int("training_mode", 0) != 0 || (node.Opset < 7 && node.Int("is_test", 0) == 0);
        node.Require(!training, "MCU0317", "the node is in training mode", "Export the model in evaluation mode.");
        graph.Add(node, new BatchNormalization(node.Float("epsilon", 1e-5f)), Inputs(node, graph, 5, 5));
    }

    /// <summary>ONNX Runtime runs the operator in any operator set, the standard has it since 17.</summary>
    private static void ReadLayerNormalization(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("axis", "epsilon", "stash_type");
        string[] inputs = Inputs(node, graph, 2, 3);
        node.Require(node.Int("stash_type", 1) == 1, "MCU0317", "'stash_type' other than 1 (float) is not supported");
        int axis = node.Axis(node.Int("axis", -1), graph.Input(node, 0).Shape.Rank);
        graph.Add(node, new LayerNormalization(axis, node.Float("epsilon", 1e-5f)), inputs);
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
