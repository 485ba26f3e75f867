using Google.Protobuf;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Onnx.Proto;
using AttributeType = Mcu.Generator.Ingest.Onnx.Proto.AttributeProto.Types.AttributeType;

namespace Mcu.Tests.Onnx;

/// <summary>Writes small ONNX models for tests.</summary>
internal sealed class OnnxModelBuilder
{
    public OnnxModelBuilder(int opset = 13)
    {
        Model = new ModelProto { IrVersion = 7, Graph = new GraphProto { Name = "test" } };
        Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = opset });
    }

    public ModelProto Model { get; }

    public GraphProto Graph => Model.Graph;

    public OnnxModelBuilder Input(string name, params long[] dims) => InputOfType(name, OnnxTensors.Float, dims);

    public OnnxModelBuilder InputOfType(string name, int type, params long[] dims)
    {
        Graph.Input.Add(Info(name, type, dims));
        return this;
    }

    public OnnxModelBuilder Output(params string[] names)
    {
        Graph.Output.AddRange(names.Select(n => new ValueInfoProto { Name = n }));
        return this;
    }

    /// <summary>A float initializer; without values, reproducible ones in [-1, 1).</summary>
    public OnnxModelBuilder Weights(string name, long[] dims, params float[] values)
    {
        long count = dims.Aggregate(1L, (p, d) => p * d);
        var random = new Random(name.Length + (int)count);
        var tensor = new TensorProto { Name = name, DataType = OnnxTensors.Float, Dims = { dims } };
        tensor.FloatData.AddRange(values.Length > 0 ? values : Enumerable.Range(0, (int)count).Select(_ => (random.NextSingle() * 2) - 1));
        Graph.Initializer.Add(tensor);
        return this;
    }

    public OnnxModelBuilder Integers(string name, params long[] values)
    {
        Graph.Initializer.Add(new TensorProto { Name = name, DataType = OnnxTensors.Int64, Dims = { values.Length }, Int64Data = { values } });
        return this;
    }

    public OnnxModelBuilder Initializer(TensorProto tensor)
    {
        Graph.Initializer.Add(tensor);
        return this;
    }

    /// <summary>A node; inputs and outputs as texts separated by blanks, "_" for an absent one.</summary>
    public OnnxModelBuilder Node(string op, string inputs, string outputs, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { OpType = op };
        node.Input.AddRange(Names(inputs));
        node.Output.AddRange(Names(outputs));
        node.Attribute.AddRange(attributes.Select(a => Attribute(a.Name, a.Value)));
        Graph.Node.Add(node);
        return this;
    }

    /// <summary>A node of ONNX Runtime's own domain.</summary>
    public OnnxModelBuilder Microsoft(string op, string inputs, string outputs)
    {
        if (Model.OpsetImport.Count == 1)
        {
            Model.OpsetImport.Add(new OperatorSetIdProto { Domain = OnnxFile.MicrosoftDomain, Version = 1 });
        }

        Node(op, inputs, outputs);
        Graph.Node[^1].Domain = OnnxFile.MicrosoftDomain;
        return this;
    }

    public byte[] Bytes() => Model.ToByteArray();

    public Graph Read(DiagnosticBag? notes = null) => OnnxReader.Read(Bytes(), "test.onnx", notes ?? new DiagnosticBag());

    public static ValueInfoProto Info(string name, int type, params long[] dims)
    {
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(dims.Select(d => new TensorShapeProto.Types.Dimension { DimValue = d }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = shape } } };
    }

    private static IEnumerable<string> Names(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => n == "_" ? "" : n);

    private static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case int i:
                attribute.Type = AttributeType.Int;
                attribute.I = i;
                break;
            case long l:
                attribute.Type = AttributeType.Int;
                attribute.I = l;
                break;
            case float f:
                attribute.Type = AttributeType.Float;
                attribute.F = f;
                break;
            case string s:
                attribute.Type = AttributeType.String;
                attribute.S = ByteString.CopyFromUtf8(s);
                break;
            case int[] ints:
                attribute.Type = AttributeType.Ints;
                attribute.Ints.AddRange(ints.Select(i => (long)i));
                break;
            case TensorProto tensor:
                attribute.Type = AttributeType.Tensor;
                attribute.T = tensor;
                break;
            default:
                throw new ArgumentException($"No attribute type for {value.GetType()}.", nameof(value));
        }

        return attribute;
    }
}
