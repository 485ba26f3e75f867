using System.Runtime.InteropServices;
using Google.Protobuf;
using Mcu.Generator.Ingest.Onnx.Proto;
using Mcu.Tests.Onnx;

namespace Mcu.Tests.Structural;

/// <summary>Writes adapters that add nodes into ONNX models, without any code of the compiler.</summary>
internal static class OnnxSurgery
{
    /// <summary>Whoever reads a tensor reads another one, which the nodes make of it.</summary>
    /// <param name="nodes">The last one writes <paramref name="replacement"/>.</param>
    public static void Replace(ModelProto model, string tensor, string replacement, OnnxModelBuilder nodes)
    {
        foreach (NodeProto node in model.Graph.Node)
        {
            Rename(node, tensor, replacement);
        }

        Insert(model, tensor, nodes);
    }

    /// <summary>The same for one reader alone.</summary>
    public static void ReplaceIn(ModelProto model, string reader, string tensor, string replacement, OnnxModelBuilder nodes)
    {
        Rename(model.Graph.Node.Single(n => n.Name == reader), tensor, replacement);
        Insert(model, tensor, nodes);
    }

    /// <summary>Dimensions in the targets of reshapes.</summary>
    public static void SetLength(ModelProto model, int from, int to, params string[] shapes)
    {
        foreach (TensorProto shape in model.Graph.Initializer.Where(t => shapes.Contains(t.Name)))
        {
            long[] dims = shape.Int64Data.Count > 0 ? [.. shape.Int64Data] : MemoryMarshal.Cast<byte, long>(shape.RawData.Span).ToArray();
            shape.Int64Data.Clear();
            shape.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<long>([.. dims.Select(d => d == from ? to : d)]));
        }
    }

    /// <summary>Constants <c>[1,tokens,channels]</c> of equal rows, for another number of tokens.</summary>
    public static void RepeatRows(ModelProto model, int tokens, params string[] constants)
    {
        foreach (TensorProto constant in model.Graph.Initializer.Where(t => constants.Contains(t.Name)))
        {
            float[] values = MemoryMarshal.Cast<byte, float>(constant.RawData.Span).ToArray();
            int channels = (int)constant.Dims[2];
            float[] row = values[..channels];
            constant.Dims[1] = tokens;
            constant.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, tokens).SelectMany(_ => row)]));
        }
    }

    public static string OutputOf(ModelProto model, string node) => model.Graph.Node.Single(n => n.Name == node).Output[0];

    private static void Insert(ModelProto model, string tensor, OnnxModelBuilder nodes)
    {
        int at = model.Graph.Node.ToList().FindIndex(n => n.Output.Contains(tensor)) + 1;
        foreach (NodeProto node in nodes.Graph.Node)
        {
            model.Graph.Node.Insert(at++, node);
        }

        model.Graph.Initializer.AddRange(nodes.Graph.Initializer);
    }

    private static void Rename(NodeProto node, string tensor, string replacement)
    {
        for (int i = 0; i < node.Input.Count; i++)
        {
            if (node.Input[i] == tensor)
            {
                node.Input[i] = replacement;
            }
        }
    }
}
