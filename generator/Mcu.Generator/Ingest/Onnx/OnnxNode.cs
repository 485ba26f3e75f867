using Mcu.Generator.Diagnostics;
using Mcu.Generator.Ingest.Onnx.Proto;
using AttributeType = Mcu.Generator.Ingest.Onnx.Proto.AttributeProto.Types.AttributeType;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>A node of the file with typed, checked access to its attributes.</summary>
internal sealed class OnnxNode
{
    private readonly string fileName;
    private readonly Dictionary<string, AttributeProto> attributes = new(StringComparer.Ordinal);

    public OnnxNode(NodeProto proto, string fileName, int opset)
    {
        Proto = proto;
        Opset = opset;
        this.fileName = fileName;
        foreach (AttributeProto attribute in proto.Attribute)
        {
            if (!attributes.TryAdd(attribute.Name, attribute))
            {
                throw Error("MCU0317", $"attribute '{attribute.Name}' occurs twice");
            }

            if (attribute.HasG || attribute.Graphs.Count > 0 || attribute.HasRefAttrName)
            {
                throw Error("MCU0308", $"attribute '{attribute.Name}' is a subgraph or a reference, which is not supported", "Export without control flow (If, Loop, Scan).");
            }
        }
    }

    public NodeProto Proto { get; }

    public int Opset { get; }

    public string Op => Proto.OpType;

    /// <summary>The node's name, or its first output's.</summary>
    public string Name => Proto.Name.Length > 0 ? Proto.Name : Proto.Output.FirstOrDefault() ?? "";

    public int InputCount => Proto.Input.Count;

    public string InputName(int index) => index < Proto.Input.Count ? Proto.Input[index] : "";

    public DiagnosticException Error(string code, string message, string hint = "") =>
        new(code, $"{Op}: {message}.", $"{fileName}: node '{Name}'", hint);

    public void Require(bool condition, string code, string message, string hint = "")
    {
        if (!condition)
        {
            throw Error(code, message, hint);
        }
    }

    /// <summary>Refuses attributes that the reader does not know: they could change the result.</summary>
    public void Allow(params ReadOnlySpan<string> known)
    {
        foreach (string name in attributes.Keys)
        {
            Require(known.Contains(name), "MCU0318", $"attribute '{name}' is not supported in operator set {Opset}");
        }
    }

    public bool Has(string name) => attributes.ContainsKey(name);

    public long Int64(string name, long fallback) =>
        Find(name, AttributeType.Int) is { } a ? a.I : fallback;

    public int Int(string name, int fallback) => ToInt(name, Int64(name, fallback));

    public bool Flag(string name, bool fallback)
    {
        long value = Int64(name, fallback ? 1 : 0);
        Require(value is 0 or 1, "MCU0317", $"attribute '{name}' is {value}, not 0 or 1");
        return value == 1;
    }

    public float Float(string name, float fallback) =>
        Find(name, AttributeType.Float) is { } a ? a.F : fallback;

    public string Text(string name, string fallback) =>
        Find(name, AttributeType.String) is { } a ? a.S.ToStringUtf8() : fallback;

    public int[]? Ints(string name) =>
        Find(name, AttributeType.Ints) is { } a ? [.. a.Ints.Select(i => ToInt(name, i))] : null;

    public AttributeProto? Any(string name) => attributes.GetValueOrDefault(name);

    /// <summary>An axis made non-negative; MCU0317 when it is outside the rank.</summary>
    public int Axis(long axis, int rank)
    {
        Require(axis >= -rank && axis < rank, "MCU0317", $"axis {axis} is outside the {rank} dimensions");
        return (int)(axis < 0 ? axis + rank : axis);
    }

    public int ToInt(string name, long value)
    {
        Require(value is >= int.MinValue and <= int.MaxValue, "MCU0317", $"'{name}' holds {value}, which is out of range");
        return (int)value;
    }

    private AttributeProto? Find(string name, AttributeType type)
    {
        if (!attributes.TryGetValue(name, out AttributeProto? attribute))
        {
            return null;
        }

        // Files older than the type field leave it undefined.
        Require(attribute.Type == type || attribute.Type == AttributeType.Undefined, "MCU0317", $"attribute '{name}' is of type {attribute.Type}, not {type}");
        return attribute;
    }
}
