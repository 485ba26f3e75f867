using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>
/// Reads a float ONNX model as it is: NCHW stays NCHW, nodes and tensors keep their names, every activation carries its
/// <see cref="TensorSource"/>. Constants that only say shapes and axes become attributes.
/// </summary>
public static class OnnxReader
{
    /// <summary>Reads a file. Throws <see cref="DiagnosticException"/> (MCU03xx, or MCU06xx from the shape rules).</summary>
    public static Graph ReadFile(string path, DiagnosticBag notes) =>
        Read(OnnxFile.ReadBytes(path), Path.GetFileName(path), notes);

    /// <summary>Reads a model from memory; <paramref name="fileName"/> stands in diagnostics and in <see cref="Graph.Source"/>.</summary>
    public static Graph Read(ReadOnlyMemory<byte> bytes, string fileName, DiagnosticBag notes)
    {
        ModelProto model = OnnxFile.Parse(bytes, fileName);
        int opset = OnnxFile.CheckHeader(model, fileName);
        CheckOperators(model.Graph, fileName, opset);
        var builder = new OnnxGraphBuilder(OnnxFile.Source(bytes.Span, fileName), notes);
        builder.Announce(model.Graph);
        AddConstants(model.Graph, builder);
        AddInputs(model.Graph, builder);
        AddNodes(model.Graph, builder, opset);
        return GraphValidator.Validate(builder.Build(model.Graph.Output.Select(o => o.Name)));
    }

    /// <summary>One diagnostic for all operators that are not known, before anything else is looked at.</summary>
    private static void CheckOperators(GraphProto graph, string fileName, int opset)
    {
        List<NodeProto> unknown = [.. graph.Node.Where(n => !OnnxOperators.IsKnown(n)).DistinctBy(n => (n.Domain, n.OpType))];
        if (unknown.Count == 0)
        {
            return;
        }

        var first = new OnnxNode(new NodeProto { Name = unknown[0].Name, OpType = unknown[0].OpType, Output = { unknown[0].Output } }, fileName, opset);
        string supported = string.Join(", ", OnnxOperators.Names);
        if (unknown.Find(n => n.Domain is not ("" or "ai.onnx")) is { } foreign)
        {
            throw new DiagnosticException(
                "MCU0307",
                $"Operator '{foreign.OpType}' of the domain '{foreign.Domain}' is not supported.",
                $"{fileName}: node '{(foreign.Name.Length > 0 ? foreign.Name : foreign.Output.FirstOrDefault())}'",
                $"Supported are, of the default domain: {supported}; of '{OnnxFile.MicrosoftDomain}': {string.Join(", ", OnnxOperators.MicrosoftNames)}.");
        }

        string others = unknown.Count == 1 ? "" : $" (also {string.Join(", ", unknown.Skip(1).Take(20).Select(n => n.OpType))})";
        throw first.Error("MCU0307", $"the operator is not supported{others}", $"Supported are: {supported}.");
    }

    private static void AddConstants(GraphProto graph, OnnxGraphBuilder builder)
    {
        foreach (TensorProto initializer in graph.Initializer)
        {
            builder.AddConstant(initializer.Name, initializer, $"{builder.Source.FileName}: initializer '{initializer.Name}'");
        }
    }

    private static void AddInputs(GraphProto graph, OnnxGraphBuilder builder)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (ValueInfoProto input in graph.Input)
        {
            if (!names.Add(input.Name))
            {
                throw new DiagnosticException("MCU0309", "The graph names an input twice.", $"{builder.Source.FileName}: input '{input.Name}'");
            }

            if (builder.IsConstant(input.Name))
            {
                builder.Notes.Note("MCU0323", "The input has an initializer and is read as a constant.", $"{builder.Source.FileName}: input '{input.Name}'");
            }
            else
            {
                builder.AddInput(OnnxInputs.Tensor(input, builder));
            }
        }
    }

    private static void AddNodes(GraphProto graph, OnnxGraphBuilder builder, int opset)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (NodeProto proto in graph.Node)
        {
            var node = new OnnxNode(proto, builder.Source.FileName, opset);
            node.Require(names.Add(node.Name), "MCU0309", $"the name '{node.Name}' is given to two nodes", "Give every node its own name.");
            OnnxOperators.Read(node, builder);
        }
    }
}
