namespace Mcu.Tests.Ingest.Tflite;

/// <summary>What a test wants to find in a TensorFlow Lite file; nothing is checked, so that hostile files can be written.</summary>
public sealed record TfliteSpec
{
    public uint Version { get; init; } = 3;

    public int Subgraphs { get; init; } = 1;

    public string Identifier { get; init; } = "TFL3";

    public IReadOnlyList<CodeSpec> Codes { get; init; } = [];

    public IReadOnlyList<TensorSpec> Tensors { get; init; } = [];

    public IReadOnlyList<OperatorSpec> Operators { get; init; } = [];

    /// <summary>Buffers beyond those of the tensors' own data; buffer 0 is always the empty one.</summary>
    public IReadOnlyList<BufferSpec> ExtraBuffers { get; init; } = [];

    public int[] Inputs { get; init; } = [];

    public int[] Outputs { get; init; } = [];

    public TfliteSpec WithTensor(int index, Func<TensorSpec, TensorSpec> change) =>
        this with { Tensors = [.. Tensors.Select((t, i) => i == index ? change(t) : t)] };

    public TfliteSpec WithOperator(int index, Func<OperatorSpec, OperatorSpec> change) =>
        this with { Operators = [.. Operators.Select((o, i) => i == index ? change(o) : o)] };

    public TfliteSpec WithCode(int index, Func<CodeSpec, CodeSpec> change) =>
        this with { Codes = [.. Codes.Select((c, i) => i == index ? change(c) : c)] };
}

/// <summary>An operator code in both of its fields.</summary>
public sealed record CodeSpec(sbyte Deprecated, int Builtin, int Version = 1, string? Custom = null)
{
    public CodeSpec(int builtin)
        : this((sbyte)Math.Min(builtin, 127), builtin)
    {
    }
}

/// <summary>A buffer with data inside the table, or with an offset and size.</summary>
public sealed record BufferSpec(byte[]? Data, ulong Offset = 0, ulong Size = 0);

public sealed record QuantSpec(float[] Scales, long[] ZeroPoints, int Axis = 0, byte DetailsType = 0)
{
    public QuantSpec(float scale, long zeroPoint)
        : this([scale], [zeroPoint])
    {
    }
}

/// <summary>A tensor. Its own data becomes a buffer; <paramref name="Buffer"/> overrides the number of the buffer.</summary>
public sealed record TensorSpec(string? Name, sbyte Type, int[] Shape, byte[]? Data = null, QuantSpec? Quant = null)
{
    public uint? Buffer { get; init; }

    public int[]? Signature { get; init; }

    public bool IsVariable { get; init; }

    public bool IsSparse { get; init; }

    public uint ExternalBuffer { get; init; }
}

/// <summary>Options as field values (byte, int, float, bool, int[]; null for an absent field).</summary>
public sealed record OptionsSpec(byte Type, params object?[] Fields);

public sealed record OperatorSpec(uint Code, int[] Inputs, int[] Outputs, OptionsSpec? Options = null);
