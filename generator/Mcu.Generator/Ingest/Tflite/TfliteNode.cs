using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>One stored operator while it is imported: its tensors, options and errors that name it.</summary>
internal sealed class TfliteNode(TfliteOperator stored, TfliteImporter importer, TfliteTensors tensors)
{
    private const string Damaged = "The file is damaged: export it again.";

    public int InputCount => stored.Inputs.Length;

    public Tensor Output => tensors[stored.Outputs[0]];

    public bool Has(int input) => input < stored.Inputs.Length && stored.Inputs[input] >= 0;

    public Tensor Input(int input)
    {
        Require(Has(input), "MCU0222", $"input {input} is missing", Damaged);
        return tensors[stored.Inputs[input]];
    }

    /// <summary>The options table; empty options where the file may leave them out.</summary>
    public FlatTable? Options
    {
        get
        {
            if (importer.OptionsType == TfliteSchema.OptionsType.None || (stored.OptionsType == 0 && !importer.OptionsRequired))
            {
                return null;
            }

            Require(stored.OptionsType == importer.OptionsType && stored.Options is not null, "MCU0223", $"its options have type {stored.OptionsType}, not {importer.OptionsType}", Damaged);
            FlatTable options = stored.Options!.Value;
            Require(options.FieldCount <= importer.OptionsFields, "MCU0223", "its options hold a field that this version does not know", "Convert the model with an older TensorFlow, or use a newer version of this tool.");
            return options;
        }
    }

    /// <summary>Throws unless the number of inputs and outputs is what the operator takes.</summary>
    public void CheckCounts()
    {
        Require(
            InputCount >= importer.MinInputs && InputCount <= importer.MaxInputs,
            "MCU0222",
            $"it has {InputCount} inputs, not {importer.MinInputs}{(importer.MaxInputs > importer.MinInputs ? $" to {importer.MaxInputs}" : "")}",
            Damaged);
        Require(stored.Outputs.Length == 1, "MCU0222", $"it has {stored.Outputs.Length} outputs, not 1", Damaged);
        int version = stored.Code.Version;
        Require(
            version >= 1 && version <= importer.MaxVersion,
            "MCU0209",
            $"its version {version} is not known (1 to {importer.MaxVersion} are)",
            "Convert the model with an older TensorFlow, or use a newer version of this tool.");
    }

    /// <summary>A tensor of a required rank.</summary>
    public Tensor Input(int input, int rank)
    {
        Tensor tensor = Input(input);
        Require(tensor.Shape.Rank == rank, "MCU0228", $"'{tensor.Name}' {tensor.Shape} has {tensor.Shape.Rank} dimensions, not {rank}", Damaged);
        return tensor;
    }

    /// <summary>Convolution or fully connected weights: constant, and symmetric when int8, per channel along <paramref name="axis"/>.</summary>
    public Tensor Weights(int input, int rank, int axis)
    {
        Tensor weights = Input(input, rank);
        Require(weights.IsConstant, "MCU0225", $"its weights '{weights.Name}' are not constant", "Weights that are computed at run time are not supported.");
        if (weights.Quantization is { } q)
        {
            Require(q.ZeroPoints.All(z => z == 0), "MCU0221", $"its weights '{weights.Name}' have a zero point that is not 0", "Convert with symmetric int8 weights (the standard of TensorFlow 2).");
            Require(!q.IsPerChannel || q.Axis == axis, "MCU0219", $"its weights '{weights.Name}' are quantised per channel along dimension {q.Axis}, not {axis}", "");
        }

        return weights;
    }

    /// <summary>A constant list of integers that configures the operator (shape, axes, paddings).</summary>
    public int[] Integers(int input, string what)
    {
        Tensor tensor = Input(input);
        switch (tensor.Data)
        {
            case Int32Data data:
                return data.Values.ToArray();
            case Int64Data data when data.Values.All(v => v is >= int.MinValue and <= int.MaxValue):
                return [.. data.Values.Select(v => (int)v)];
            case null:
                throw Error("MCU0225", $"its {what} '{tensor.Name}' is not constant", "Convert with fixed shapes (batch 1).");
            default:
                throw Error("MCU0225", $"its {what} '{tensor.Name}' are not 32-bit integers", Damaged);
        }
    }

    public FusedActivation Activation(int function) => function switch
    {
        0 => FusedActivation.None,
        1 => FusedActivation.Relu,
        2 => FusedActivation.ReluN1To1,
        3 => FusedActivation.Relu6,
        _ => throw Error(
            "MCU0210",
            $"its fused activation {(function switch { 4 => "TANH", 5 => "SIGN_BIT", _ => $"number {function}" })} is not supported (NONE, RELU, RELU_N1_TO_1, RELU6 are)",
            "Train with one of these activation functions."),
    };

    public void Require(bool condition, string code, string message, string hint)
    {
        if (!condition)
        {
            throw Error(code, message, hint);
        }
    }

    /// <summary>An error that names the operator, its number and its output.</summary>
    public DiagnosticException Error(string code, string message, string hint)
    {
        string output = stored.Outputs.Length > 0 ? $" '{Names.Short(tensors.NameOf(stored.Outputs[0]))}'" : "";
        return new(code, $"{stored.Code.Name}: {message}.", $"{tensors.File.Name}: node {stored.Index}{output}", hint);
    }
}
