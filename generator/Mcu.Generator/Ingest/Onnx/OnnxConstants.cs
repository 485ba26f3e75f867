using Mcu.Generator.Ingest.Onnx.Proto;
using AttributeType = Mcu.Generator.Ingest.Onnx.Proto.AttributeProto.Types.AttributeType;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>The Constant operator.</summary>
internal static class OnnxConstants
{
    public static void Read(OnnxNode node, OnnxGraphBuilder graph)
    {
        node.Allow("value", "value_float", "value_floats", "value_int", "value_ints");
        node.Require(node.InputCount == 0 && node.Proto.Output.Count == 1 && node.Proto.Attribute.Count == 1, "MCU0321", "a constant has one value, one output and no input");
        AttributeProto value = node.Proto.Attribute[0];
        TensorProto tensor = value.Name switch
        {
            "value" => Checked(node, value, AttributeType.Tensor, value.T) ?? throw node.Error("MCU0317", "'value' is empty"),
            "value_float" => new TensorProto { DataType = OnnxTensors.Float, FloatData = { node.Float(value.Name, 0) } },
            "value_floats" => Checked(node, value, AttributeType.Floats, new TensorProto { DataType = OnnxTensors.Float, Dims = { value.Floats.Count }, FloatData = { value.Floats } })!,
            "value_int" => new TensorProto { DataType = OnnxTensors.Int64, Int64Data = { node.Int64(value.Name, 0) } },
            _ => Checked(node, value, AttributeType.Ints, new TensorProto { DataType = OnnxTensors.Int64, Dims = { value.Ints.Count }, Int64Data = { value.Ints } })!,
        };
        graph.AddConstant(node.Proto.Output[0], tensor, $"{graph.Source.FileName}: node '{node.Name}'");
    }

    private static TensorProto? Checked(OnnxNode node, AttributeProto attribute, AttributeType type, TensorProto? tensor)
    {
        node.Require(attribute.Type == type || attribute.Type == AttributeType.Undefined, "MCU0317", $"attribute '{attribute.Name}' is of type {attribute.Type}, not {type}");
        return tensor;
    }
}
