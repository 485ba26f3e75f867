using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>Quantisation parameters as stored; <paramref name="Details"/> is not 0 for other schemes than affine.</summary>
internal sealed record TfliteQuantization(float[] Scales, long[] ZeroPoints, int Axis, int Details);

/// <summary>A tensor as stored. Indices are checked, contents are not decoded yet.</summary>
internal sealed record TfliteTensor(
    int Index,
    string Name,
    int[] Dims,
    int[] Signature,
    int Type,
    ByteRange Data,
    TfliteQuantization? Quantization,
    bool IsVariable,
    bool IsSparse,
    bool IsExternal)
{
    public bool IsConstant => Data.Length > 0 || IsExternal;
}

internal sealed record TfliteOpcode(int Builtin, int Version, string CustomName)
{
    public string Name => Builtin == TfliteSchema.CustomOperator ? $"custom operator '{Names.Short(CustomName)}'" : TfliteOperatorNames.Of(Builtin);
}

/// <summary>An operator application as stored; input −1 is an absent optional input.</summary>
internal sealed record TfliteOperator(int Index, TfliteOpcode Code, int[] Inputs, int[] Outputs, int OptionsType, FlatTable? Options);

/// <summary>The tables of a TensorFlow Lite file: every offset, length and index checked, nothing interpreted.</summary>
internal sealed record TfliteModel(FlatFile File, TfliteTensor[] Tensors, TfliteOperator[] Operators, int[] Inputs, int[] Outputs)
{
    public const int MaxTensors = 50_000;
    public const int MaxOperators = 10_000;

    /// <summary>Memory of one decoded tensor or operator beside its lists, in bytes, generously.</summary>
    private const int RecordBytes = 512;

    public static TfliteModel Parse(FlatFile file)
    {
        FlatTable model = file.Root();
        uint version = model.UInt(TfliteSchema.Model.Version);
        Require(file, version == TfliteSchema.Version, "MCU0204", $"The file has schema version {version}, not {TfliteSchema.Version}.", "Convert the model again with TensorFlow 2.");
        FlatTable[] subgraphs = model.Tables(TfliteSchema.Model.Subgraphs, MaxOperators, "subgraphs");
        Require(file, subgraphs.Length == 1, "MCU0205", $"The file has {subgraphs.Length} subgraphs; exactly one is supported.", "Control flow (IF, WHILE, CALL_ONCE) has no firmware form; export the inference function alone.");

        ByteRange[] buffers = [.. model.Tables(TfliteSchema.Model.Buffers, MaxTensors, "buffers").Select(b => DataOf(file, b))];
        TfliteOpcode[] codes = [.. model.Tables(TfliteSchema.Model.OperatorCodes, MaxOperators, "operator codes").Select(ParseOpcode)];
        FlatTable graph = subgraphs[0];
        TfliteTensor[] tensors = [.. graph.Tables(TfliteSchema.SubGraph.Tensors, MaxTensors, "tensors").Select((t, i) => ParseTensor(file, buffers, t, i))];
        TfliteOperator[] operators = [.. graph.Tables(TfliteSchema.SubGraph.Operators, MaxOperators, "operators").Select((o, i) => ParseOperator(file, codes, tensors.Length, o, i))];
        int[] inputs = Indices(file, graph, TfliteSchema.SubGraph.Inputs, tensors.Length, "the graph's inputs", optional: false);
        int[] outputs = Indices(file, graph, TfliteSchema.SubGraph.Outputs, tensors.Length, "the graph's outputs", optional: false);
        return new TfliteModel(file, tensors, operators, inputs, outputs);
    }

    /// <summary>A buffer's bytes: inside the table, or (converters of large models) elsewhere in the file.</summary>
    private static ByteRange DataOf(FlatFile file, FlatTable buffer)
    {
        ByteRange inline = buffer.Vector(TfliteSchema.Buffer.Data, 1);
        long offset = buffer.Long(TfliteSchema.Buffer.Offset);
        if (inline.Length > 0 || offset is 0 or 1)
        {
            return inline;
        }

        long size = buffer.Long(TfliteSchema.Buffer.Size);
        Require(file, offset > 0 && size >= 0 && offset <= file.Length && size <= file.Length - offset, "MCU0215", $"A buffer's data lies outside the file (byte {offset}, length {size}).", "Export the model as one file.");
        return new ByteRange((int)offset, (int)size);
    }

    private static TfliteOpcode ParseOpcode(FlatTable code)
    {
        // Numbers above 127 are in the newer field; the older one then holds 127.
        int builtin = Math.Max((sbyte)code.Byte(TfliteSchema.OperatorCode.DeprecatedBuiltinCode), code.Int(TfliteSchema.OperatorCode.BuiltinCode));
        return new TfliteOpcode(builtin, code.Int(TfliteSchema.OperatorCode.Version, 1), code.Text(TfliteSchema.OperatorCode.CustomCode));
    }

    private static TfliteTensor ParseTensor(FlatFile file, ByteRange[] buffers, FlatTable tensor, int index)
    {
        file.Charge(RecordBytes);
        uint buffer = tensor.UInt(TfliteSchema.Tensor.Buffer);
        Require(file, buffer < buffers.Length || (buffer == 0 && buffers.Length == 0), "MCU0207", $"Tensor {index} refers to buffer {buffer} of {buffers.Length}.", "The file is damaged: export it again.");
        return new TfliteTensor(
            index,
            tensor.Text(TfliteSchema.Tensor.Name),
            tensor.Ints(TfliteSchema.Tensor.Shape),
            tensor.Ints(TfliteSchema.Tensor.ShapeSignature),
            (sbyte)tensor.Byte(TfliteSchema.Tensor.Type),
            buffer == 0 ? default : buffers[buffer],
            tensor.Table(TfliteSchema.Tensor.Quantization) is { } quantization ? ParseQuantization(quantization) : null,
            tensor.Bool(TfliteSchema.Tensor.IsVariable),
            tensor.Table(TfliteSchema.Tensor.Sparsity) is not null,
            tensor.UInt(TfliteSchema.Tensor.ExternalBuffer) != 0);
    }

    private static TfliteQuantization ParseQuantization(FlatTable quantization) => new(
        quantization.Floats(TfliteSchema.Quantization.Scale),
        quantization.Longs(TfliteSchema.Quantization.ZeroPoint),
        quantization.Int(TfliteSchema.Quantization.QuantizedDimension),
        quantization.Byte(TfliteSchema.Quantization.DetailsType));

    private static TfliteOperator ParseOperator(FlatFile file, TfliteOpcode[] codes, int tensors, FlatTable op, int index)
    {
        file.Charge(RecordBytes);
        uint code = op.UInt(TfliteSchema.Operator.OpcodeIndex);
        Require(file, code < codes.Length, "MCU0207", $"Operator {index} refers to operator code {code} of {codes.Length}.", "The file is damaged: export it again.");
        return new TfliteOperator(
            index,
            codes[code],
            Indices(file, op, TfliteSchema.Operator.Inputs, tensors, $"the inputs of operator {index}", optional: true),
            Indices(file, op, TfliteSchema.Operator.Outputs, tensors, $"the outputs of operator {index}", optional: false),
            op.Byte(TfliteSchema.Operator.BuiltinOptionsType),
            op.Table(TfliteSchema.Operator.BuiltinOptions));
    }

    private static int[] Indices(FlatFile file, FlatTable table, int field, int tensors, string what, bool optional)
    {
        int[] indices = table.Ints(field);
        int lowest = optional ? -1 : 0;
        foreach (int index in indices)
        {
            if (index < lowest || index >= tensors)
            {
                throw new DiagnosticException("MCU0207", $"Among {what} is tensor {index} of {tensors}.", file.Name, "The file is damaged: export it again.");
            }
        }

        return indices;
    }

    private static void Require(FlatFile file, bool condition, string code, string message, string hint)
    {
        if (!condition)
        {
            throw new DiagnosticException(code, message, file.Name, hint);
        }
    }
}
