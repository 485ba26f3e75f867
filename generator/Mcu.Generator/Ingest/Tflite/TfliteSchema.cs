namespace Mcu.Generator.Ingest.Tflite;

/// <summary>
/// Field numbers and enum values of TensorFlow Lite's file format, from TensorFlow's public
/// <c>tensorflow/compiler/mlir/lite/schema/schema.fbs</c> (version 3): a table's fields count from 0 in the order of
/// declaration, a union takes two (its type first).
/// </summary>
internal static class TfliteSchema
{
    public const int Version = 3;

    /// <summary>Type numbers of <c>TensorType</c> that this reader decodes.</summary>
    public const int Float32 = 0;
    public const int Float16 = 1;
    public const int Int32 = 2;
    public const int Int64 = 4;
    public const int Int16 = 7;
    public const int Int8 = 9;

    /// <summary><c>BuiltinOperator.CUSTOM</c>.</summary>
    public const int CustomOperator = 32;

    /// <summary><c>BuiltinOperator.DEQUANTIZE</c>.</summary>
    public const int DequantizeOperator = 6;

    private static readonly string[] TypeNames =
    [
        "FLOAT32", "FLOAT16", "INT32", "UINT8", "INT64", "STRING", "BOOL", "INT16", "COMPLEX64", "INT8", "FLOAT64", "COMPLEX128",
        "UINT64", "RESOURCE", "VARIANT", "UINT32", "UINT16", "INT4", "BFLOAT16", "INT2", "UINT4", "FLOAT8_E4M3FN", "FLOAT8_E5M2",
    ];

    public static string TypeName(int type) => type >= 0 && type < TypeNames.Length ? TypeNames[type] : $"type {type}";

    public static class Model
    {
        public const int Version = 0;
        public const int OperatorCodes = 1;
        public const int Subgraphs = 2;
        public const int Buffers = 4;
    }

    public static class OperatorCode
    {
        public const int DeprecatedBuiltinCode = 0;
        public const int CustomCode = 1;
        public const int Version = 2;
        public const int BuiltinCode = 3;
    }

    public static class Buffer
    {
        public const int Data = 0;
        public const int Offset = 1;
        public const int Size = 2;
    }

    public static class SubGraph
    {
        public const int Tensors = 0;
        public const int Inputs = 1;
        public const int Outputs = 2;
        public const int Operators = 3;
    }

    public static class Tensor
    {
        public const int Shape = 0;
        public const int Type = 1;
        public const int Buffer = 2;
        public const int Name = 3;
        public const int Quantization = 4;
        public const int IsVariable = 5;
        public const int Sparsity = 6;
        public const int ShapeSignature = 7;
        public const int ExternalBuffer = 10;
    }

    public static class Quantization
    {
        public const int Scale = 2;
        public const int ZeroPoint = 3;
        public const int DetailsType = 4;
        public const int QuantizedDimension = 6;
    }

    public static class Operator
    {
        public const int OpcodeIndex = 0;
        public const int Inputs = 1;
        public const int Outputs = 2;
        public const int BuiltinOptionsType = 3;
        public const int BuiltinOptions = 4;
    }

    /// <summary>Numbers of the <c>BuiltinOptions</c> union; operators whose options have no fields need none.</summary>
    public static class OptionsType
    {
        public const int None = 0;
        public const int Conv2D = 1;
        public const int DepthwiseConv2D = 2;
        public const int Pool2D = 5;
        public const int FullyConnected = 8;
        public const int Softmax = 9;
        public const int Concatenation = 10;
        public const int Add = 11;
        public const int Reshape = 17;
        public const int Reducer = 27;
        public const int Squeeze = 30;
    }

    public static class Conv2DOptions
    {
        public const int Padding = 0;
        public const int StrideW = 1;
        public const int StrideH = 2;
        public const int Activation = 3;
        public const int DilationW = 4;
        public const int DilationH = 5;
        public const int BiasType = 6;
        public const int FieldCount = 7;
    }

    public static class DepthwiseConv2DOptions
    {
        public const int Padding = 0;
        public const int StrideW = 1;
        public const int StrideH = 2;
        public const int Multiplier = 3;
        public const int Activation = 4;
        public const int DilationW = 5;
        public const int DilationH = 6;
        public const int FieldCount = 7;
    }

    public static class Pool2DOptions
    {
        public const int Padding = 0;
        public const int StrideW = 1;
        public const int StrideH = 2;
        public const int FilterW = 3;
        public const int FilterH = 4;
        public const int Activation = 5;
        public const int FieldCount = 6;
    }

    public static class FullyConnectedOptions
    {
        public const int Activation = 0;
        public const int WeightsFormat = 1;
        public const int KeepNumDims = 2;
        public const int BiasType = 4;
        public const int FieldCount = 5;
    }

    public static class SoftmaxOptions
    {
        public const int Beta = 0;
        public const int FieldCount = 1;
    }

    public static class ConcatenationOptions
    {
        public const int Axis = 0;
        public const int Activation = 1;
        public const int FieldCount = 2;
    }

    public static class AddOptions
    {
        public const int Activation = 0;
        public const int FieldCount = 2;
    }

    public static class ReshapeOptions
    {
        public const int NewShape = 0;
        public const int FieldCount = 1;
    }

    public static class ReducerOptions
    {
        public const int KeepDims = 0;
        public const int FieldCount = 1;
    }

    public static class SqueezeOptions
    {
        public const int SqueezeDims = 0;
        public const int FieldCount = 1;
    }
}
