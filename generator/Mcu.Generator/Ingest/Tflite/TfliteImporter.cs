using System.Collections.Frozen;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>An imported operator and how many of the stored inputs it reads; the others became attributes.</summary>
internal readonly record struct ImportedOperator(Operator Operator, int Inputs);

/// <summary>How one builtin operator is imported.</summary>
/// <param name="Builtin">Number in <c>BuiltinOperator</c>.</param>
/// <param name="MaxVersion">Newest version whose options and meaning this reader knows (TensorFlow's register.cc).</param>
/// <param name="OptionsType">Number in <c>BuiltinOptions</c>, or None when the options have no fields.</param>
/// <param name="OptionsFields">Number of fields of the options.</param>
/// <param name="Import">Builds the operator.</param>
internal sealed record TfliteImporter(
    int Builtin,
    int MaxVersion,
    int MinInputs,
    int MaxInputs,
    int OptionsType,
    int OptionsFields,
    Func<TfliteNode, ImportedOperator> Import)
{
    /// <summary>Operators that cannot run on default options; the others may leave them out.</summary>
    public bool OptionsRequired =>
        OptionsType is TfliteSchema.OptionsType.Conv2D or TfliteSchema.OptionsType.DepthwiseConv2D
            or TfliteSchema.OptionsType.Pool2D or TfliteSchema.OptionsType.Softmax or TfliteSchema.OptionsType.Concatenation;

    /// <summary>Whether input 1 holds weights that a dynamic-range file stores in int8 beside float activations.</summary>
    public bool HasWeights =>
        OptionsType is TfliteSchema.OptionsType.Conv2D or TfliteSchema.OptionsType.DepthwiseConv2D or TfliteSchema.OptionsType.FullyConnected;
}

/// <summary>Every supported builtin operator, one line each.</summary>
internal static class TfliteImporters
{
    private const int None = TfliteSchema.OptionsType.None;

    private static readonly TfliteImporter[] All =
    [
        new(0, 5, 2, 2, TfliteSchema.OptionsType.Add, TfliteSchema.AddOptions.FieldCount, ElementwiseImport.Add),
        new(1, 3, 1, 1, TfliteSchema.OptionsType.Pool2D, TfliteSchema.Pool2DOptions.FieldCount, WindowImport.AveragePool),
        new(2, 4, 1, ShapeImport.MostConcatenated, TfliteSchema.OptionsType.Concatenation, TfliteSchema.ConcatenationOptions.FieldCount, ShapeImport.Concat),
        new(3, 8, 2, 3, TfliteSchema.OptionsType.Conv2D, TfliteSchema.Conv2DOptions.FieldCount, WindowImport.Conv2D),
        new(4, 7, 2, 3, TfliteSchema.OptionsType.DepthwiseConv2D, TfliteSchema.DepthwiseConv2DOptions.FieldCount, WindowImport.DepthwiseConv2D),
        new(6, 6, 1, 1, None, 0, _ => new(new Dequantize(), 1)),
        new(9, 13, 2, 3, TfliteSchema.OptionsType.FullyConnected, TfliteSchema.FullyConnectedOptions.FieldCount, ElementwiseImport.FullyConnected),
        new(17, 3, 1, 1, TfliteSchema.OptionsType.Pool2D, TfliteSchema.Pool2DOptions.FieldCount, WindowImport.MaxPool),
        new(19, 3, 1, 1, None, 0, _ => new(new Clamp(FusedActivation.Relu), 1)),
        new(20, 1, 1, 1, None, 0, _ => new(new Clamp(FusedActivation.ReluN1To1), 1)),
        new(21, 3, 1, 1, None, 0, _ => new(new Clamp(FusedActivation.Relu6), 1)),
        new(22, 1, 1, 2, TfliteSchema.OptionsType.Reshape, TfliteSchema.ReshapeOptions.FieldCount, ShapeImport.Reshape),
        new(25, 3, 1, 1, TfliteSchema.OptionsType.Softmax, TfliteSchema.SoftmaxOptions.FieldCount, ElementwiseImport.Softmax),
        new(34, 4, 2, 2, None, 0, ShapeImport.Pad),
        new(39, 6, 2, 2, None, 0, ShapeImport.Transpose),
        new(40, 3, 2, 2, TfliteSchema.OptionsType.Reducer, TfliteSchema.ReducerOptions.FieldCount, ShapeImport.Mean),
        new(43, 2, 1, 1, TfliteSchema.OptionsType.Squeeze, TfliteSchema.SqueezeOptions.FieldCount, ShapeImport.Squeeze),
        new(60, 4, 3, 3, None, 0, ShapeImport.PadV2),
        new(70, 1, 2, 2, None, 0, ShapeImport.ExpandDims),
        new(114, 3, 1, 1, None, 0, _ => new(new Quantize(), 1)),
    ];

    private static readonly FrozenDictionary<int, TfliteImporter> ByBuiltin = All.ToFrozenDictionary(i => i.Builtin);

    /// <summary>Names of all supported operators, for messages.</summary>
    public static string Supported { get; } = string.Join(", ", All.Select(i => TfliteOperatorNames.Of(i.Builtin)));

    public static TfliteImporter? Of(TfliteOpcode code) => ByBuiltin.GetValueOrDefault(code.Builtin);
}
