using Mcu.Generator.Graphs;

namespace Mcu.Generator.Execution;

/// <summary>A tensor's contents while a reference executor runs: row-major, in the array type of its element type.</summary>
public sealed class TensorValue
{
    private readonly Array data;

    private TensorValue(Shape shape, DataType type, Array data)
    {
        if (data.Length != shape.Elements)
        {
            throw new ArgumentException($"{data.Length} elements do not fill {shape}.", nameof(data));
        }

        Shape = shape;
        Type = type;
        this.data = data;
    }

    public TensorValue(Shape shape, float[] data)
        : this(shape, DataType.Float32, data)
    {
    }

    public TensorValue(Shape shape, sbyte[] data)
        : this(shape, DataType.Int8, data)
    {
    }

    public TensorValue(Shape shape, int[] data)
        : this(shape, DataType.Int32, data)
    {
    }

    public TensorValue(Shape shape, long[] data)
        : this(shape, DataType.Int64, data)
    {
    }

    public TensorValue(Shape shape, short[] data)
        : this(shape, DataType.Int16, data)
    {
    }

    public Shape Shape { get; }

    public DataType Type { get; }

    /// <summary>The elements in an array of the element type.</summary>
    public Array Elements => data;

    public float[] Floats => (float[])data;

    public sbyte[] Int8 => (sbyte[])data;

    public short[] Int16 => (short[])data;

    public int[] Int32 => (int[])data;

    public long[] Int64 => (long[])data;

    /// <summary>A zeroed value of the type and shape.</summary>
    public static TensorValue Create(DataType type, Shape shape)
    {
        int length = checked((int)shape.Elements);
        return type switch
        {
            DataType.Float32 => new TensorValue(shape, new float[length]),
            DataType.Int8 => new TensorValue(shape, new sbyte[length]),
            DataType.Int16 => new TensorValue(shape, new short[length]),
            DataType.Int32 => new TensorValue(shape, new int[length]),
            _ => new TensorValue(shape, new long[length]),
        };
    }

    /// <summary>The contents of a constant tensor, not copied: operators read their inputs and write only outputs.</summary>
    public static TensorValue Constant(Tensor tensor) => tensor.Data switch
    {
        FloatData d => new TensorValue(tensor.Shape, d.Values.AsArray()),
        Int8Data d => new TensorValue(tensor.Shape, d.Values.AsArray()),
        Int16Data d => new TensorValue(tensor.Shape, d.Values.AsArray()),
        Int32Data d => new TensorValue(tensor.Shape, d.Values.AsArray()),
        Int64Data d => new TensorValue(tensor.Shape, d.Values.AsArray()),
        _ => throw new InvalidOperationException($"'{tensor.Name}' is not a constant."),
    };
}
