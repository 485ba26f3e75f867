using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>
/// Turns stored tensors into the graph's, once each and only those that are asked for: checks type, shape,
/// quantisation and contents.
/// </summary>
internal sealed class TfliteTensors(TfliteModel model, string[] names)
{
    public const int MaxRank = 8;

    private readonly Dictionary<int, Tensor> converted = [];

    public FlatFile File => model.File;

    public string NameOf(int index) => names[index];

    public TfliteTensor Stored(int index) => model.Tensors[index];

    /// <summary>The tensor with that number.</summary>
    public Tensor this[int index]
    {
        get
        {
            if (!converted.TryGetValue(index, out Tensor? tensor))
            {
                tensor = Convert(model.Tensors[index]);
                converted.Add(index, tensor);
            }

            return tensor;
        }
    }

    /// <summary>
    /// Makes tensor <paramref name="target"/> the float constant that INT8 or FLOAT16 constant <paramref name="source"/>
    /// stands for; the two are one tensor when weights are dequantised in place.
    /// </summary>
    public void SetDequantized(int target, int source)
    {
        TfliteTensor stored = model.Tensors[source];
        CheckStorage(stored);
        Shape shape = ShapeOf(stored);
        converted[target] = new Tensor(names[target], DataType.Float32, shape)
        {
            Data = stored.Type == TfliteSchema.Float16 ? TfliteConstants.HalfToFloat(Contents(stored, shape)) : Dequantized(stored, shape),
            Source = new TensorSource(names[target], []),
        };
    }

    /// <summary>An error that names the tensor.</summary>
    public DiagnosticException Error(TfliteTensor tensor, string code, string message, string hint = "") =>
        new(code, message, $"{File.Name}: tensor '{Names.Short(names[tensor.Index])}'", hint);

    private FloatData Dequantized(TfliteTensor stored, Shape shape)
    {
        File.Charge(4 * shape.Elements);
        Quantization quantization = QuantizationOf(stored, DataType.Int8, shape)!;
        return TfliteConstants.Dequantize((Int8Data)TfliteConstants.Decode(DataType.Int8, Contents(stored, shape)), shape, quantization);
    }

    private Tensor Convert(TfliteTensor stored)
    {
        CheckStorage(stored);
        DataType type = TypeOf(stored);
        Shape shape = ShapeOf(stored);
        return new Tensor(names[stored.Index], type, shape)
        {
            Quantization = QuantizationOf(stored, type, shape),
            Data = stored.IsConstant ? TfliteConstants.Decode(type, Contents(stored, shape)) : null,
            Source = new TensorSource(names[stored.Index], []),
        };
    }

    private void CheckStorage(TfliteTensor stored)
    {
        Require(stored, !stored.IsExternal, "MCU0215", "The tensor's data is in another file.", "Export the model as one file.");
        Require(stored, !stored.IsSparse, "MCU0216", "The tensor is stored sparse.", "Convert without sparse tensors (the weights may stay pruned).");
        Require(stored, !stored.IsVariable, "MCU0217", "The tensor is a variable; a network with state of its own is not supported.", "Make the state an input and an output of the network.");
    }

    private DataType TypeOf(TfliteTensor stored) => stored.Type switch
    {
        TfliteSchema.Float32 => DataType.Float32,
        TfliteSchema.Int8 => DataType.Int8,
        TfliteSchema.Int16 => DataType.Int16,
        TfliteSchema.Int32 => DataType.Int32,
        TfliteSchema.Int64 => DataType.Int64,
        _ => throw Error(
            stored,
            "MCU0211",
            $"Element type {TfliteSchema.TypeName(stored.Type)} is not supported (FLOAT32, INT8, INT16, INT32, INT64 are).",
            "Convert the model to float32, or to int8 with full integer quantisation."),
    };

    private Shape ShapeOf(TfliteTensor stored)
    {
        Require(stored, stored.Dims.Length <= MaxRank, "MCU0212", $"The tensor has {stored.Dims.Length} dimensions; at most {MaxRank} are supported.");
        long elements = 1;
        foreach (int dim in stored.Dims)
        {
            Require(stored, dim > 0, "MCU0212", $"Shape [{string.Join('x', stored.Dims)}] has a dimension that is not positive.", "Fix dynamic dimensions (batch) to 1 when converting.");
            elements *= dim;
            Require(stored, elements <= GraphValidator.MaxElements, "MCU0212", $"Shape [{string.Join('x', stored.Dims)}] has more than {GraphValidator.MaxElements} elements.");
        }

        return new Shape(stored.Dims);
    }

    private ReadOnlySpan<byte> Contents(TfliteTensor stored, Shape shape)
    {
        int size = TfliteConstants.SizeOf(stored.Type);
        long wanted = shape.Elements * size;
        Require(stored, stored.Data.Length == wanted, "MCU0214", $"The constant has {stored.Data.Length} bytes; shape {shape} of {TfliteSchema.TypeName(stored.Type)} takes {wanted}.", "The file is damaged: export it again.");
        File.Charge(stored.Type == TfliteSchema.Float16 ? 2 * wanted : wanted);
        return File.Bytes(stored.Data);
    }

    private Quantization? QuantizationOf(TfliteTensor stored, DataType type, Shape shape)
    {
        TfliteQuantization? q = stored.Quantization;
        Require(stored, q is null || q.Details == 0, "MCU0218", "The tensor is quantised by another scheme than scale and zero point.", "Convert with TensorFlow Lite's standard int8 quantisation.");
        if (type is DataType.Float32 or DataType.Int64)
        {
            return null;
        }

        if (q is null || q.Scales.Length == 0)
        {
            Require(stored, type == DataType.Int32, "MCU0220", $"The {type} tensor has no scale.", "Convert with full integer quantisation.");
            return null;
        }

        CheckQuantization(stored, q, type);
        int channels = q.Scales.Length;
        int[] zeroPoints = [.. Enumerable.Range(0, channels).Select(c => (int)q.ZeroPoints[q.ZeroPoints.Length == 1 ? 0 : c])];
        return new Quantization(EquatableArray.Wrap(q.Scales), EquatableArray.Wrap(zeroPoints), channels == 1 ? 0 : AxisOf(stored, q, shape));
    }

    private void CheckQuantization(TfliteTensor stored, TfliteQuantization q, DataType type)
    {
        int channels = q.Scales.Length;
        Require(stored, Array.TrueForAll(q.Scales, s => float.IsFinite(s) && s > 0), "MCU0219", "A scale is not a positive finite number.", "Repair the quantisation: every scale must be above zero.");
        Require(stored, q.ZeroPoints.Length == channels || q.ZeroPoints.Length == 1, "MCU0219", $"There are {q.ZeroPoints.Length} zero points for {channels} scales.");

        // 16-bit activations, biases and per-channel weights are symmetric (TensorFlow Lite 8-bit quantisation specification).
        (long low, long high) = type == DataType.Int8 && channels == 1 ? (sbyte.MinValue, sbyte.MaxValue) : (0L, 0L);
        Require(stored, Array.TrueForAll(q.ZeroPoints, z => z >= low && z <= high), "MCU0219", $"A zero point is outside {low}..{high}.");
    }

    private int AxisOf(TfliteTensor stored, TfliteQuantization q, Shape shape)
    {
        // Biases carry their weights' dimension in some files; a vector has only one.
        int axis = shape.Rank == 1 ? 0 : q.Axis;
        Require(stored, stored.IsConstant, "MCU0219", "An activation is quantised per channel.", "Only weights and biases can be.");
        Require(stored, axis >= 0 && axis < shape.Rank && shape[axis] == q.Scales.Length, "MCU0219", $"{q.Scales.Length} scales do not fit dimension {axis} of {shape}.");
        return axis;
    }

    private void Require(TfliteTensor tensor, bool condition, string code, string message, string hint = "")
    {
        if (!condition)
        {
            throw Error(tensor, code, message, hint);
        }
    }
}
